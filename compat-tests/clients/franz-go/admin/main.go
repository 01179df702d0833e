// franz-go (kadm): each method of its admin client at one broker, `main BOOTSTRAP KEYS`.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"gregor.example/compat/recordset/adminrows"
)

const (
	name  = "kadm"
	none  = "kadm-none"
	group = "kadm-group"
)

func main() {
	if len(os.Args) < 2 {
		os.Exit(64)
	}
	client := check(kgo.NewClient(kgo.SeedBrokers(os.Args[1]), kgo.RetryTimeout(5*time.Second), kgo.ClientID(name)))
	admin := kadm.NewClient(client)
	rows := adminrows.Of(admin)
	rows.LeaveOut("SetTimeoutMillis")
	topics(rows, client)
	configs(rows)
	places(rows)
	groups(rows, admin)
	transactions(rows)
	security(rows)
	cluster(rows)
	rows.Call("DeleteTopic", name+"-2")
	rows.Call("DeleteTopics", name, none)
	rows.Call("Close")
	rows.Missed()
}

func check[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func set(topic string, partitions ...int32) kadm.TopicsSet {
	var s kadm.TopicsSet
	s.Add(topic, partitions...)
	return s
}

func offsets(at int64) kadm.Offsets {
	var os kadm.Offsets
	os.AddOffset(name, 0, at, -1)
	return os
}

func topics(rows *adminrows.Rows, client *kgo.Client) {
	retention := "100000"
	rows.Call("CreateTopic", 2, 1, map[string]*string{"retention.ms": &retention}, name)
	rows.Call("CreateTopics", 1, 1, nil, name, name+"-2")
	rows.Call("ValidateCreateTopics", 1, 7, nil, name+"-3", "a b")
	rows.Call("CreatePartitions", 1, name, none)
	rows.Call("UpdatePartitions", 4, name)
	rows.CallTold("Err: nil", "ValidateCreatePartitions", 1, name)
	rows.Call("ValidateUpdatePartitions", 2, name)
	for range 5 {
		record := &kgo.Record{Topic: name, Partition: 0, Value: []byte("v")}
		producer := check(kgo.NewClient(kgo.SeedBrokers(os.Args[1]), kgo.RecordPartitioner(kgo.ManualPartitioner())))
		if err := producer.ProduceSync(context.Background(), record).FirstErr(); err != nil {
			check(0, err)
		}
		producer.Close()
	}
	own := func(all any) any {
		details := all.(kadm.TopicDetails)
		details.FilterInternal()
		for topic := range details {
			if !strings.HasPrefix(topic, name) {
				delete(details, topic)
			}
		}
		return details
	}
	rows.CallViewTold("3: Partition", "ListTopics", own)
	rows.CallView("ListTopicsWithInternal", own)
	rows.CallView("Metadata", func(all any) any { return all.(kadm.Metadata).Topics }, name, none)
	rows.Call("DeleteRecords", offsets(2))
	rows.Call("ListStartOffsets", name)
	rows.Call("ListEndOffsets", name)
	rows.Call("ListMaxTimestampOffsets", name)
	rows.Call("ListLocalLogStartOffsets", name)
	rows.Call("ListLatestRemoteOffsets", name)
	rows.Call("ListCommittedOffsets", name, none)
	rows.Call("ListOffsetsAfterMilli", 1, name)
	var epochs kadm.OffsetForLeaderEpochRequest
	epochs.Add(name, 0, 0)
	rows.Call("OffsetForLeaderEpoch", epochs)
	rows.Call("OffetForLeaderEpoch", epochs)
}

func configs(rows *adminrows.Rows) {
	value, wrong, backoff := "500000", "x", "15001"
	right := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: &value}}
	invalid := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: &wrong}}
	broker := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "log.cleaner.backoff.ms", Value: &backoff}}
	rows.CallTold("'100000'", "DescribeTopicConfigs", name, none)
	rows.Call("AlterTopicConfigs", right, name)
	rows.Call("ValidateAlterTopicConfigs", invalid, name)
	rows.Call("AlterTopicConfigsState", right, name, none)
	rows.Call("ValidateAlterTopicConfigsState", invalid, name)
	rows.Call("AlterBrokerConfigs", broker, 1)
	rows.Call("ValidateAlterBrokerConfigs", broker, 1)
	rows.CallViewTold("'15001'", "DescribeBrokerConfigs", func(all any) any {
		var shown []kadm.Config
		for _, resource := range all.(kadm.ResourceConfigs) {
			for _, config := range resource.Configs {
				if config.Key == "num.partitions" || config.Key == "log.cleaner.backoff.ms" {
					shown = append(shown, config)
				}
			}
		}
		return shown
	}, 1)
	rows.Call("AlterBrokerConfigsState", broker, 7)
	rows.Call("ValidateAlterBrokerConfigsState", invalid, 1)
	rows.Call("ListConfigResources", kadm.ConfigResourceType(4), kadm.ConfigResourceType(8))
}

func places(rows *adminrows.Rows) {
	var move kadm.AlterPartitionAssignmentsReq
	move.Assign(name, 0, []int32{1})
	move.Assign(name, 1, []int32{7})
	move.CancelAssign(name, 2)
	rows.Call("AlterPartitionAssignments", move)
	rows.Call("ListPartitionReassignments", set(name, 0))
	rows.Call("ElectLeaders", kadm.ElectPreferredReplica, set(name, 0))
	var nowhere kadm.AlterReplicaLogDirsReq
	nowhere.Add("/nowhere/at/all", set(name, 0))
	rows.Call("AlterAllReplicaLogDirs", nowhere)
	rows.Call("AlterBrokerReplicaLogDirs", 1, nowhere)
	count := func(all any) any {
		dirs := 0
		all.(kadm.DescribedAllLogDirs).Each(func(kadm.DescribedLogDir) { dirs++ })
		return dirs
	}
	rows.CallView("DescribeAllLogDirs", count, set(name, 0))
	rows.CallView("DescribeBrokerLogDirs", func(all any) any { return len(all.(kadm.DescribedLogDirs)) }, 1, set(name, 0))
}

func groups(rows *adminrows.Rows, admin *kadm.Client) {
	rows.Call("CommitOffsets", group, offsets(3))
	rows.Call("CommitAllOffsets", group, offsets(4))
	byID := kadm.OffsetsByID{}
	if details, err := admin.ListTopics(context.Background(), name); err == nil {
		for _, offset := range offsets(4).Sorted() {
			offset.TopicID = details[name].ID
			byID.Add(offset)
		}
	}
	rows.CallView("CommitOffsetsByID", func(all any) any { return len(all.(kadm.OffsetResponsesByID)) }, group, byID)
	rows.Call("CommitAllOffsetsByID", group, byID)
	rows.Call("FetchOffsets", group)
	rows.CallView("FetchOffsetsByID", func(all any) any { return len(all.(kadm.OffsetResponsesByID)) }, group)
	rows.Call("FetchOffsetsForTopics", group, name)
	rows.Call("FetchManyOffsets", group, none)
	own := func(all any) any {
		groups := all.(kadm.ListedGroups)
		for id := range groups {
			if !strings.HasPrefix(id, name) {
				delete(groups, id)
			}
		}
		return groups
	}
	rows.CallView("ListGroups", own)
	rows.CallView("ListGroupsByType", own, []string{"classic"}, "Empty")
	rows.Call("DescribeGroups", group, none)
	rows.Call("Lag", group)
	rows.Call("DescribeConsumerGroups", group, none)
	rows.Call("LeaveGroup", kadm.LeaveGroup(group).Reason("the end").InstanceIDs("nobody"))
	rows.Call("DeleteOffsets", group, set(name, 0))
	rows.Call("DeleteGroup", none)
	rows.Call("DeleteGroups", group, none)
	rows.Call("DescribeShareGroups", none)
	rows.Call("DescribeShareGroupOffsets", none)
	rows.Call("AlterShareGroupOffsets", name+"-share", offsets(1))
	rows.Call("DeleteShareGroupOffsets", none, name)
	rows.Call("FindGroupCoordinators", group)
	rows.Call("FindTxnCoordinators", group)
	rows.Call("FindShareCoordinators", group)
}

func transactions(rows *adminrows.Rows) {
	ctx := context.Background()
	producer := check(kgo.NewClient(kgo.SeedBrokers(os.Args[1]), kgo.TransactionalID(name), kgo.DefaultProduceTopic(name),
		kgo.RecordPartitioner(kgo.ManualPartitioner())))
	check(0, producer.BeginTransaction())
	check(0, producer.ProduceSync(ctx, &kgo.Record{Partition: 1, Value: []byte("v")}).FirstErr())
	rows.Call("DescribeTransactions", name, none)
	rows.CallView("ListTransactions", func(all any) any { return all.(kadm.ListedTransactions)[name] }, nil, []string{"Ongoing"})
	rows.Call("ListTransactionsByTxPattern", nil, nil, name+".*")
	producers := func(all any) any { return all.(kadm.DescribedProducersTopics).SortedProducers() }
	rows.CallView("DescribeProducers", producers, set(name, 1))
	check(0, producer.EndTransaction(ctx, kgo.TryAbort))
	producer.Close()
	rows.Call("WriteTxnMarkers", kadm.TxnMarkers{ProducerID: 1 << 40, Topics: set(name, 1)})
}

func security(rows *adminrows.Rows) {
	acl := kadm.NewACLs().Topics(name).ResourcePatternType(kadm.ACLPatternLiteral).Operations(kadm.OpRead).
		Allow("User:" + name).AllowHosts("*")
	rows.Call("CreateACLs", acl)
	rows.CallTold("Described: [DescribedACL{", "DescribeACLs", acl)
	rows.Call("DeleteACLs", acl)
	upsert := []kadm.UpsertSCRAM{{User: name, Mechanism: kadm.ScramSha256, Iterations: 4096, Password: "secret"}}
	rows.Call("AlterUserSCRAMs", []kadm.DeleteSCRAM{{User: none, Mechanism: kadm.ScramSha512}}, upsert)
	rows.CallTold("CredInfo{", "DescribeUserSCRAMs", name, none)
	user := name
	entity := kadm.ClientQuotaEntity{{Type: "user", Name: &user}}
	alter := func(key string) []kadm.AlterClientQuotaEntry {
		return []kadm.AlterClientQuotaEntry{{Entity: entity, Ops: []kadm.AlterClientQuotaOp{{Key: key, Value: 1e9}}}}
	}
	rows.Call("AlterClientQuotas", alter("producer_byte_rate"))
	rows.Call("ValidateAlterClientQuotas", alter("no_such_rate"))
	rows.CallTold("1e+09", "DescribeClientQuotas", true, []kadm.DescribeClientQuotaComponent{{Type: "user", MatchName: &user}})
	rows.Call("CreateDelegationToken", kadm.CreateDelegationToken{MaxLifetime: time.Hour})
	rows.Call("DescribeDelegationTokens")
	rows.Call("RenewDelegationToken", []byte("none"), time.Hour)
	rows.Call("ExpireDelegationToken", []byte("none"), time.Hour)
}

func cluster(rows *adminrows.Rows) {
	rows.Call("ListBrokers")
	rows.Call("BrokerMetadata")
	rows.CallView("ApiVersions", func(all any) any { return len(all.(kadm.BrokersApiVersions)) })
	rows.Call("UpdateFeatures", true, kadm.FeatureUpdate{Feature: "no.such.feature", MaxVersionLevel: 1, UpgradeType: 1})
}
