/** Prints the class path of Kafka's jars for shell scripts; exit code 77 when there is none on this machine. */
import { kafkaClasspath } from './maven.js'

const classpath = await kafkaClasspath()
if (classpath === null) process.exit(77)
console.log(classpath)
