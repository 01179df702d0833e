// ACLs, users, delegation tokens, and quotas.
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.quota.*;
import org.apache.kafka.common.resource.*;
import org.apache.kafka.common.security.auth.KafkaPrincipal;

final class SecurityCalls {
    private static final AclBinding READ = entry("User:reader", AclOperation.READ);
    private static final AclBinding WRITE = entry("User:writer", AclOperation.WRITE);

    private SecurityCalls() {}

    private static AclBinding entry(String principal, AclOperation operation) {
        return new AclBinding(new ResourcePattern(ResourceType.TOPIC, "a", PatternType.LITERAL),
            new AccessControlEntry(principal, "*", operation, AclPermissionType.ALLOW));
    }

    static void of(Scene scene) throws Exception {
        acls(scene.journal, scene.admin);
        users(scene.journal, scene.admin);
        quotas(scene.journal, scene.admin);
        tokens(scene);
    }

    private static void acls(Journal journal, Admin admin) throws Exception {
        journal.row(() -> admin.createAcls(List.of(READ, WRITE)));
        var wrong = new AclBinding(new ResourcePattern(ResourceType.CLUSTER, "other", PatternType.LITERAL), WRITE.entry());
        journal.row(() -> admin.createAcls(List.of(READ, wrong), new CreateAclsOptions()).values());
        journal.rowOnce("User:writer", () -> admin.describeAcls(AclBindingFilter.ANY));
        journal.row(() -> admin.describeAcls(WRITE.toFilter(), new DescribeAclsOptions()));
        journal.row(() -> admin.deleteAcls(List.of(WRITE.toFilter())).all());
        journal.row(() -> admin.deleteAcls(List.of(entry("User:nobody", AclOperation.ALL).toFilter(), READ.toFilter()),
            new DeleteAclsOptions()).values());
    }

    private static void users(Journal journal, Admin admin) throws Exception {
        var info = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096);
        journal.row(() -> admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion("u", info, "secret"))));
        var few = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 1);
        List<UserScramCredentialAlteration> wrong = List.of(new UserScramCredentialUpsertion("v", few, "secret"),
            new UserScramCredentialDeletion("nobody", ScramMechanism.SCRAM_SHA_256));
        journal.row(() -> admin.alterUserScramCredentials(wrong, new AlterUserScramCredentialsOptions()).values());
        journal.rowOnce("'u'", () -> admin.describeUserScramCredentials().all());
        journal.row(() -> admin.describeUserScramCredentials(List.of("u", "nobody")).description("u"));
        journal.row(() -> admin.describeUserScramCredentials(List.of("nobody"), new DescribeUserScramCredentialsOptions())
            .description("nobody"));
    }

    private static void quotas(Journal journal, Admin admin) throws Exception {
        var entity = new ClientQuotaEntity(Map.of(ClientQuotaEntity.USER, "u", ClientQuotaEntity.CLIENT_ID, "c"));
        var rate = new ClientQuotaAlteration(entity, List.of(new ClientQuotaAlteration.Op("producer_byte_rate", 1e9)));
        journal.row(() -> admin.alterClientQuotas(List.of(rate)));
        var wrong = new ClientQuotaAlteration(entity, List.of(new ClientQuotaAlteration.Op("connection_creation_rate", 1.0)));
        journal.row(() -> admin.alterClientQuotas(List.of(wrong), new AlterClientQuotasOptions().validateOnly(true)).values());
        journal.rowOnce("1.0E9", () -> admin.describeClientQuotas(ClientQuotaFilter.all()));
        var twice = ClientQuotaFilter.contains(List.of(ClientQuotaFilterComponent.ofEntityType(ClientQuotaEntity.USER),
            ClientQuotaFilterComponent.ofDefaultEntity(ClientQuotaEntity.USER)));
        journal.row(() -> admin.describeClientQuotas(twice, new DescribeClientQuotasOptions()));
    }

    // Of a client that has logged in; others have none.
    private static void tokens(Scene scene) throws Exception {
        Journal journal = scene.journal;
        journal.row(() -> scene.admin.createDelegationToken());
        var login =
            "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"alice\" password=\"alice-secret\";";
        Admin alice = scene.open(Admin.create(scene.config(Map.of("bootstrap.servers", scene.saslBootstrap,
            "security.protocol", "SASL_PLAINTEXT", "sasl.mechanism", "PLAIN", "sasl.jaas.config", login))));
        Admin told = journal.over(alice);
        var options = new CreateDelegationTokenOptions()
            .renewers(List.of(new KafkaPrincipal("User", "bob"))).maxLifetimeMs(3_600_000);
        journal.row(() -> told.createDelegationToken(options));
        journal.rowOnce("alice", () -> told.describeDelegationToken());
        var stranger = new DescribeDelegationTokenOptions().owners(List.of(new KafkaPrincipal("User", "bob")));
        journal.row(() -> told.describeDelegationToken(stranger));
        byte[] hmac = alice.describeDelegationToken().delegationTokens().get().get(0).hmac();
        journal.row(() -> told.renewDelegationToken(hmac));
        journal.row(() -> told.renewDelegationToken(new byte[64], new RenewDelegationTokenOptions().renewTimePeriodMs(1_000)));
        journal.row(() -> told.expireDelegationToken(new byte[64]));
        journal.row(() -> told.expireDelegationToken(hmac, new ExpireDelegationTokenOptions().expiryTimePeriodMs(60_000)));
    }
}
