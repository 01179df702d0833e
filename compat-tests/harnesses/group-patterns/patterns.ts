/**
 * What is subscribed to, and to which topics. Every pattern goes to both brokers as a member's `SubscribedTopicRegex`; what
 * should come of it is nowhere written here, because Kafka says it. Names of topics have letters, digits, `.`, `_` and `-`
 * only, which still leaves what differs between dialects: which texts are patterns at all, and why not.
 */

const words = (text: string): string[] => text.trim().split(/\s+/)

/** The internal topic of committed offsets is matched as any other. */
export const topics = [
  ...words(`
  a b aa ab aaa aaaaaaaa abc ABC Abc aBc k K s S ss SS x xx n a.b a-b c_b .a - _ --- 0 1 12 123 a1 x.y.z Q E QE z Z A d w p
  orders orders-eu orders.us Orders ORDERS-1`),
  'x'.repeat(100),
  'x'.repeat(249),
]
export const laterTopics = words('aaaa orders-asia abcabc 9 ..a KK')
export const goneTopics = words('ab orders-eu 12 K -')

const literals = [
  ...words(String.raw`
  a abc a.b a\.b a-b a\-b c\_b c_b \.a - \- _ \_ \a \f \n \r \t \v \x61 \x{61} \x{0061} \x6 \x \x{ \x{} \x{g} \x{10FFFF}
  \x{110000} \141 \0 \07 \1 \8 \18 \u0061 \U00000061 \cA \e \i \y \Qa.b\E \Qa.b \Qa\Eb a\Q\Eb \E a\E \Q \Q\Q \QE\E \Qa\E*
  \Qab\E* \Q\E* é \é ünï 中 😀 \😀 # " / & ~ %41`),
  ' a',
  'a ',
  'a b',
  '\ta',
  'a\n',
  '\n',
  '\\N{DIGIT ONE}',
  '\\Qa\\',
  '\\',
  'a\\',
  '\\\\',
  '\u0000',
  '\\\u0000',
  '\ufeffa',
  'a\u0301',
  '`',
]

const anchors = [
  ...words(String.raw`
  ^ $ ^$ $^ ^a a$ ^a$ ^^a$$ a^ $a ^* $* ^+ (^)*a (?:$)+ (^a)|(b$) ^a|b$ \Aa\z \Aa\Z \Aa a\z a\Z \Ga \ba\b a\b a\B \Ba
  x\b\.y.* \b \B a\b.b (?m)^a$ (?m)a$ a(?m)$ (?-m)^a$ \b* \b+a a\< \<a\> a\'`),
  '\\`a',
]

const classes = [
  ...words(String.raw`
  [ab] [^ab] [a-c] [c-a] [a-] [-a] []a] [^]a] [a [ ] a] [] [^] [^ []] [[] [a-b-c] [a-\d] [\d-a] [--a] [+--] [---] [!--]+
  [^\x00-\x{10FFFF}] [\x00-\x{10FFFF}]+ [a-zA-Z]+ [0-9]+ [\w.-]+ [\W] [[:alpha:]] [[:^alpha:]] [[:alnum:]]+ [[:ascii:]]+
  [[:blank:]] [[:cntrl:]] [[:digit:]]+ [[:graph:]]+ [[:lower:]]+ [[:print:]]+ [[:punct:]]+ [[:space:]] [[:upper:]]+
  [[:word:]]+ [[:xdigit:]]+ [[:foo:]] [[:ALPHA:]] [:alpha:] [[:alpha:] [[:alpha]] [[:]] [[::]] [[:alpha:]-z] [a[:digit:]]
  [[:alpha:][:digit:]]+ [[=a=]] [[.a.]] \d \D+ \w+ \W+ \s \S+ [\d] [\D] [^\D] [\s\S]+ \h \H \V \R \X \C \K a\Kb \Z [\b] [\z]
  [\A] [\Qab\E] [\Q]\E] [\E] [\x61-\x63] [\141-\143] [\-a] [\]a] [a&&b] [a-c&&[b]] [a-z--b] [[a]b] [a[b]] [a~~b] [é] [^é]
  [😀a] [a-😀] [\n] [\a] [\8] [\1] [\y] . .. .* .+ .? (?s). (?s).* .*\..* .*[-.]eu [^_].* [^.]+`),
]

const unicode = [
  ...words(String.raw`
  \pL \PL \p{L} \P{L} \p{^L} \P{^L} \p{Lu} \P{Lu} \p{Ll}+ \pLu \pN+ \p{Nd}+ \p{Pd} \p{Pc} \p{Po}.* \pM \pZ \pS \pC \p{Cs}
  \p{Co} \p{Cn} \p{LC} \p{L&} \p{Any} \P{Any} \p{any} \p{ANY} \p{Latin}+ \p{latin}+ \p{LATIN} \p{Greek} \p{Common}+
  \p{Inherited} \p{Han} \p{Cyrillic} \p{Zyyy} \p{Latn} \p{IsLatin} \p{InBasicLatin} \p{Letter} \p{Uppercase_Letter}
  \p{Uppercase} \p{Lower} \p{Alpha} \p{ASCII} \p{Digit} \p{Script=Greek} \p{sc=Latin} \p{gc=L} \p{Foo} \p{} \p{^} \p \P \p{
  \p{L \p- \pé \p{é} [\pL] [\p{L}\d]+ [^\pL]+ [\PL]+ [^\PL] [\p{^L}] [\p{Foo}] [\pX] \pX [\pLu] \p{Kawi} \p{Garay}
  \p{Todhri} \p{Vithkuqi} \p{Chorasmian} \p{Hanifi_Rohingya} \p{Nandinagari} \p{Nag_Mundari} \p{Cypro_Minoan}
  \p{Medefaidrin} \p{L}{2}`),
  '\\p{ L }',
]

const flags = [
  ...words(String.raw`
  (?i)abc (?i:a)bc (?i:A)BC a(?i)b a(?i)bc (?-i)abc (?i)a(?-i)b (?i)a(?-i)BC (?im)abc (?i-m)abc (?i-i)ABC (?s-i:.) (?U)a+
  (?U)a+? (?Ui)ABC (?u)a (?d)a (?z)a (?I)a (?n)a (?J)a (?i (?i: (? (?) (?: (?:) () (?-)a (?i-)a (?--i)a (?i--s)a (?ii)abc
  (?i-s:abc) (?i-s:abc (?i) (?i)* (?i)+a (?i)|a a|(?i)ABC (a|(?i)B)c (?i)(?:abc) (?i)k (?i)K (?i)K (?i)s (?i)ſ (?i)ſS
  (?i)[k] (?i)[^k] (?i)[j-l] (?i)[K] (?i)\x{212a} (?i)\x{17f}+ (?i)[[:lower:]]+ (?i)[[:upper:]]+ (?i)[[:^upper:]]+
  (?i)\p{Lu} (?i)\p{Lu}bc (?i)\P{Lu} (?i)\Qabc\E (?i)orders.* (?i)é (?i)İ (?i)ß (?i)\w+ (?i)[a-c]+ (?i)[A-C]+ (?i)a{3}
  (?i)[^a-z]+ K [K] (?^)a (?^i:ABC) (?a)a`),
  '(?x)a b',
  '(?x) a',
]

const groups = [
  ...words(String.raw`
  (a) (?:a) ((a)) (?P<n>a) (?<n>a) (?P<n>a)(?P<n>b) (?<n>a)|(?<n>b) (?P<n (?P<n> (?P<n>a (?P<>a) (?P<1a>a) (?P<a-b>a)
  (?P<é>a) (?P<_>a) (?<>a) (?<1>a) (?<n (?'n'a) (?P=n) (?P>n) (?Pn>a) (?P (?P< (?< (a a) ) )( ( (( (|a) (a|) a||b | || a| |a
  (a)(b)(c) (a|b|c)+ a|ab|abc (?:a|ab)(?:c|bc) (?=a)a (?!a) (?<=a) (?<!a) a(?=b) (?>a) (?#c)a \k<n> \k{n} (?P<n>a)\k<n>
  (a)\1 (a)\2 \g1 \g{1} (?R) (?1) (?&n) (?|a) (?(1)a) (?C) (?{a}) (*VERB) (*UTF8)a`),
  '(?P<a b>a)',
]

const repeats = [
  ...words(String.raw`
  a* a+ a? a*? a+? a?? a** a*+ a+* a++ a?+ a?* a*?* a*?? a+?+ a*** (a*)* (a+)+ (a*)+ (?:a*)* (?:a*)? * + ? *a +a ?a ** (*)
  (+a) (?a) |* a|* (|*) ^*a a|+ (?:*) a{2} a{2,} a{2,3} a{0} a{0,0} a{0,1} a{1} a{,2} a{ a{2 a{2, a{2,3 a{,} a{} a{-1} a{a}
  a{3,2} {2} { } {} {,2} ^{2}a |{2} ({2}) a{02} a{2,03} a{0002} a{1000} a{1001} a{1,1001} a{1000,} a{1001,} a{999,1000}
  a{99999999999} a{2147483648} a{1,99999999999} a{1000,1} a{2}{2} a{2}* a{2}+ a{2}? a{2}?? a{2}{2}{2} a*{2} a+{2} a?{2}
  a{2}?{2} (a{2}){2} (?:a{2}){4} (a{2})* ((a{2}){2}){2} a{1}{1} (a|a)* (a|b)* ()* (){2} (?:){1001} (^){3}a (?:a?){8}a{3}
  x{100} (?:x{10}){10} x{249} x+ (?:xx)+ x{0,249} x{200,300} (a{1000}){0} (?:a{1000}){1} (a{500}){2} (?:a{31}){32}
  (a+){1001} (?:(?:a{2}){2}){2}`),
  'a{ 2}',
  'a{2 }',
  'a{2, 3}',
]

/** What was made to cost a lot, or to break what takes it apart. */
const hostile = [
  ...[
    '(a+)+$',
    '(a|aa)+$',
    '(x+x+)+y',
    '(.*)*x',
    '([a-zA-Z]+)*',
    '(?:a?){20}a{20}',
    '(.*){10}',
    '.*.*.*.*.*.*.*x',
    '((a*)*)*',
    '(((((a*)*)*)*)*)*',
    '(?:x*x*)*y',
  ],
  ...[
    `${'('.repeat(100)}a${')'.repeat(100)}`,
    `${'(?:'.repeat(100)}a${')'.repeat(100)}`,
    `${'('.repeat(400)}a${')'.repeat(400)}`,
    '('.repeat(500),
    ')'.repeat(500),
  ],
  ...[
    '['.repeat(500),
    `${'[^'.repeat(50)}`,
    'a|'.repeat(200),
    `${'a|'.repeat(200)}b`,
    '.*'.repeat(100),
    'a?'.repeat(100),
    '(?i)'.repeat(50),
    '\\Q'.repeat(100),
  ],
  ...[
    'x'.repeat(249),
    'x'.repeat(500),
    'é'.repeat(300),
    '\\pL'.repeat(100),
    '\\pL+'.repeat(20),
    '(?:\\pL{1,3}){1,3}',
    '[^a]'.repeat(60),
    '😀'.repeat(100),
    '|'.repeat(300),
  ],
  ...[`(?:${'ab|'.repeat(60)}orders)`, 'a{1}'.repeat(60), `${'(?:'.repeat(9)}a${'{2})'.repeat(9)}`],
]

/** Kafka takes them. Here one is refused that would take long to match, which the event loop would have to wait for. */
export const tooLarge = [
  ...[
    '(a{1000}){2}',
    '((a{10}){10}){10}',
    '(a{501}){2}',
    '(a{100}){100}',
    '((a{100}){100}){100}',
    '(?:a{32}){32}',
    '((a{10}){10}){11}',
    '(?:a{0,30}){30}',
  ],
  ...['(a*){1000}', '(){1000}', '(a{0}){1000}', `${'(?:'.repeat(20)}a${'{2})'.repeat(20)}`, 'a'.repeat(1001)],
]

/** re2j takes no upper-case letter for one of this class where case does not count, except for those of `kelvin` and `long s`. */
export const differentByNature = ['(?i)\\p{Ll}+', '(?i)[\\p{Ll}]+']

const all = [literals, anchors, classes, unicode, flags, groups, repeats, hostile, differentByNature]
export const patterns: readonly string[] = [...new Set(all.flat())]
