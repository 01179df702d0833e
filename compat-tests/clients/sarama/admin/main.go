// sarama: each method of its ClusterAdmin at one broker, `main BOOTSTRAP KEYS`.
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/IBM/sarama"
	"gregor.example/compat/recordset/adminrows"
)

const (
	name  = "sarama-admin"
	none  = "sarama-admin-none"
	group = "sarama-admin-group"
)

func main() {
	if len(os.Args) < 2 {
		os.Exit(64)
	}
	config := sarama.NewConfig()
	config.Version = sarama.MaxVersion
	config.ClientID = name
	config.Producer.Return.Successes = true
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Admin.Retry.Max = 1
	admin, err := sarama.NewClusterAdmin([]string{os.Args[1]}, config)
	exitOn(err)
	rows := adminrows.Of(admin)
	topics(rows, config)
	configs(rows)
	groups(rows)
	security(rows)
	cluster(rows)
	rows.Call("DeleteTopic", name)
	rows.Call("DeleteTopic", none)
	rows.Call("Close")
	rows.Missed()
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func topics(rows *adminrows.Rows, config *sarama.Config) {
	retention := "100000"
	entries := map[string]*string{"retention.ms": &retention}
	rows.Call("CreateTopic", name, &sarama.TopicDetail{NumPartitions: 2, ReplicationFactor: 1, ConfigEntries: entries}, false)
	rows.Call("CreateTopic", none, &sarama.TopicDetail{NumPartitions: 2, ReplicationFactor: 7}, true)
	rows.Call("CreatePartitions", name, 3, nil, false)
	rows.Call("CreatePartitions", none, 3, nil, true)
	producer, err := sarama.NewSyncProducer([]string{os.Args[1]}, config)
	exitOn(err)
	for range 5 {
		_, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: name, Value: sarama.StringEncoder("v")})
		exitOn(err)
	}
	exitOn(producer.Close())
	rows.CallViewTold("NumPartitions: 3", "ListTopics", func(all any) any { return all.(map[string]sarama.TopicDetail)[name] })
	rows.CallTold("ID: 2", "DescribeTopics", []string{name, none})
	rows.Call("DeleteRecords", name, map[int32]int64{0: 2})
	rows.Call("DeleteRecords", name, map[int32]int64{0: 99})
	specs := map[string]map[int32]int64{name: {0: sarama.OffsetNewest, 1: sarama.OffsetOldest}}
	rows.Call("ListOffsets", specs, &sarama.ListOffsetsOptions{IsolationLevel: sarama.ReadCommitted})
	rows.Call("AlterPartitionReassignments", name, [][]int32{{1}, {1}, {1}})
	rows.Call("AlterPartitionReassignments", name, [][]int32{{7}, {1}, {1}})
	rows.Call("ListPartitionReassignments", name, []int32{0, 1})
	rows.Call("ElectLeaders", sarama.PreferredElection, map[string][]int32{name: {0}})
	rows.CallView("DescribeLogDirs", func(all any) any { return len(all.(map[int32][]sarama.DescribeLogDirsResponseDirMetadata)) },
		[]int32{1})
}

func configs(rows *adminrows.Rows) {
	value, wrong := "500000", "x"
	set := func(value *string) map[string]sarama.IncrementalAlterConfigsEntry {
		return map[string]sarama.IncrementalAlterConfigsEntry{
			"retention.ms": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: value},
		}
	}
	rows.Call("IncrementalAlterConfig", sarama.TopicResource, name, set(&value), false)
	rows.Call("IncrementalAlterConfig", sarama.TopicResource, name, set(&wrong), true)
	rows.Call("AlterConfig", sarama.TopicResource, name, map[string]*string{"retention.ms": &value}, false)
	rows.Call("AlterConfig", sarama.TopicResource, none, map[string]*string{"retention.ms": &value}, false)
	rows.CallTold("'500000'", "DescribeConfig", sarama.ConfigResource{Type: sarama.TopicResource, Name: name})
	rows.Call("DescribeConfig", sarama.ConfigResource{Type: sarama.TopicResource, Name: none})
	resources := []*sarama.ConfigResource{{Type: sarama.TopicResource, Name: name, ConfigNames: []string{"retention.ms"}}}
	rows.Call("DescribeConfigs", resources, sarama.DescribeConfigsOptions{IncludeSynonyms: true})
}

func groups(rows *adminrows.Rows) {
	offsets := map[string]map[int32]sarama.OffsetAndMetadata{name: {0: {Offset: 3, Metadata: "three", LeaderEpoch: -1}}}
	rows.Call("AlterConsumerGroupOffsets", group, offsets, nil)
	rows.Call("ListConsumerGroupOffsets", group, map[string][]int32{name: {0, 1}})
	rows.Call("ListConsumerGroupOffsetsBatch", map[string]map[string][]int32{group: {name: {0, 1}}, none: nil})
	rows.CallView("ListConsumerGroups", func(all any) any {
		own := map[string]string{}
		for id, protocol := range all.(map[string]string) {
			if strings.HasPrefix(id, name) {
				own[id] = protocol
			}
		}
		return own
	})
	rows.Call("DescribeConsumerGroups", []string{group, none})
	rows.CallView("Coordinator", func(one any) any { return one.(*sarama.Broker).ID() }, group)
	rows.Call("RemoveMemberFromConsumerGroup", group, []string{"nobody"})
	rows.Call("DeleteConsumerGroupOffset", group, name, 0)
	rows.Call("DeleteConsumerGroup", group)
	rows.Call("DeleteConsumerGroup", none)
}

func security(rows *adminrows.Rows) {
	resource := sarama.Resource{
		ResourceType: sarama.AclResourceTopic, ResourceName: name, ResourcePatternType: sarama.AclPatternLiteral,
	}
	read := sarama.Acl{
		Principal: "User:" + name, Host: "*", Operation: sarama.AclOperationRead, PermissionType: sarama.AclPermissionAllow,
	}
	rows.Call("CreateACL", resource, read)
	write := read
	write.Operation = sarama.AclOperationWrite
	rows.Call("CreateACLs", []*sarama.ResourceAcls{{Resource: resource, Acls: []*sarama.Acl{&write}}})
	principal := "User:" + name
	filter := sarama.AclFilter{
		ResourceType: sarama.AclResourceAny, ResourcePatternTypeFilter: sarama.AclPatternAny, Principal: &principal,
		Operation: sarama.AclOperationAny, PermissionType: sarama.AclPermissionAny,
	}
	rows.Call("ListAcls", filter)
	rows.Call("DeleteACL", filter, false)
	upsert := sarama.AlterUserScramCredentialsUpsert{
		Name: name, Mechanism: sarama.SCRAM_MECHANISM_SHA_256, Iterations: 4096, Salt: []byte("salt"), Password: []byte("secret"),
	}
	rows.Call("UpsertUserScramCredentials", []sarama.AlterUserScramCredentialsUpsert{upsert})
	rows.CallTold("ResponseInfo{", "DescribeUserScramCredentials", []string{name, none})
	gone := sarama.AlterUserScramCredentialsDelete{Name: none, Mechanism: sarama.SCRAM_MECHANISM_SHA_256}
	rows.Call("DeleteUserScramCredentials", []sarama.AlterUserScramCredentialsDelete{gone})
	rows.Call("AlterUserScramCredentials", []sarama.AlterUserScramCredentialsUpsert{upsert}, nil)
	entity := []sarama.QuotaEntityComponent{{EntityType: sarama.QuotaEntityUser, MatchType: sarama.QuotaMatchExact, Name: name}}
	rows.Call("AlterClientQuotas", entity, sarama.ClientQuotasOp{Key: "producer_byte_rate", Value: 1e9}, false)
	rows.Call("AlterClientQuotas", entity, sarama.ClientQuotasOp{Key: "no_such_rate", Value: 1}, true)
	match := []sarama.QuotaFilterComponent{{EntityType: sarama.QuotaEntityUser, MatchType: sarama.QuotaMatchExact, Match: name}}
	rows.CallTold("1e+09", "DescribeClientQuotas", match, true)
}

func cluster(rows *adminrows.Rows) {
	rows.Call("DescribeProducers", map[string][]int32{name: {0}, none: {0}})
	rows.Call("DescribeTransactions", []string{none})
	rows.Call("ListTransactions", []string{"Empty"}, []int64{1 << 40}, -1)
	rows.CallView("DescribeCluster", func(all any) any { return len(all.([]*sarama.Broker)) })
	rows.CallView("Controller", func(one any) any { return one.(*sarama.Broker).ID() })
	rows.Call("UpdateFeatures", []sarama.FeatureUpdate{{Feature: "no.such.feature", MaxVersionLevel: 1}})
}
