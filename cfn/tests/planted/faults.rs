//! One entry for each fault: what is wrong, how it is planted, and who must find it. What the original does not offer is
//! planted by taking it away.

pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// File, text, and what takes its place.
    pub(crate) plants: &'static [(&'static str, &'static str, &'static str)],
    pub(crate) found: Found,
}

pub(crate) enum Found {
    /// The template cannot even be read: these words are in the error.
    Reading(&'static str),
    /// A rule of the linter, in the file that the fault is planted in.
    Lint(&'static str),
    /// A rule of the linter about the whole deployment, in its entry.
    LintWhole(&'static str),
    Proof(&'static str),
}

const DNS: &str = "modules/dns.yaml";
const DOMAIN: &str = "modules/opensearch.yaml";
const NETWORK_BALANCER: &str = "modules/network-load-balancer.yaml";
const SERVICES: &str = "modules/collector-query.yaml";
const MEMORY: &str = "modules/memory.yaml";
const CLUSTER: &str = "modules/cluster.yaml";
const ALARMS: &str = "modules/alarms.yaml";
const APPLICATION_BALANCER: &str = "modules/application-load-balancer.yaml";
const ENDPOINTS: &str = "modules/endpoints.yaml";
const EXISTING: &str = "jaeger-existing-vpc.yaml";

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        name: "a logical id is used twice",
        plants: &[(DNS, "\n  PrivateRecord:\n", "\n  PublicRecord:\n")],
        found: Found::Reading("`PublicRecord` is there twice"),
    },
    Fault {
        name: "the domain's name is made of the nested stack's, and is too long",
        plants: &[(
            DOMAIN,
            "DomainName: !Sub\n        - ${EnvironmentName}-${Suffix}\n        - Suffix: !Select [0, !Split ['-', !Select [2, !Split [/, !Ref AWS::StackId]]]]",
            "DomainName: !Ref AWS::StackName",
        )],
        found: Found::Proof("P101"),
    },
    Fault {
        name: "three zones with two data nodes",
        plants: &[(DOMAIN, "AvailabilityZoneCount: !If [ThreeZones, 3, 2]", "AvailabilityZoneCount: 3")],
        found: Found::Proof("P211"),
    },
    Fault {
        name: "no rule keeps CPU and memory together",
        plants: &[(
            EXISTING,
            "  AllInOneSize:\n    Assertions:",
            "  AllInOneSize:\n    RuleCondition: !Equals [a, b]\n    Assertions:",
        )],
        found: Found::Proof("P201"),
    },
    Fault {
        name: "no rule demands a certificate of what faces the internet",
        plants: &[(
            EXISTING,
            "        Assert: !Not [!Equals [!Ref Certificate, Disabled]]\n",
            "        Assert: !Equals [a, a]\n",
        )],
        found: Found::Proof("P501"),
    },
    Fault {
        name: "the URL is the load balancer's own name, though DNS has one",
        plants: &[(
            NETWORK_BALANCER,
            "Host: !If [HasDomainName, !Ref DomainName, !GetAtt LoadBalancer.DNSName]",
            "Host: !GetAtt LoadBalancer.DNSName",
        )],
        found: Found::Proof("P411"),
    },
    Fault {
        name: "the load balancer has no security group",
        plants: &[(NETWORK_BALANCER, "      SecurityGroups: [!GetAtt SecurityGroup.GroupId]\n", "")],
        found: Found::Proof("P510"),
    },
    Fault {
        name: "an internal load balancer lies in public subnets",
        plants: &[(
            EXISTING,
            "SubnetIDs: !If [Internal, !Join [',', !Ref PrivateSubnetIDs], !Ref PublicSubnetIDs]",
            "SubnetIDs: !Ref PublicSubnetIDs",
        )],
        found: Found::Proof("P511"),
    },
    Fault {
        name: "the user interface speaks plain HTTP",
        plants: &[
            (NETWORK_BALANCER, "!If [HasCertificate, 443, 80]", "80"),
            (
                NETWORK_BALANCER,
                "Port: 80\n      Protocol: !If [HasCertificate, TLS, TCP]",
                "Port: 80\n      Protocol: TCP",
            ),
        ],
        found: Found::Proof("P501"),
    },
    Fault {
        name: "OTLP never has TLS",
        plants: &[(
            NETWORK_BALANCER,
            "Port: 4317\n      Protocol: !If [HasCertificate, TLS, TCP]",
            "Port: 4317\n      Protocol: TCP",
        )],
        found: Found::Proof("P501"),
    },
    Fault {
        name: "the domain's policy lets everybody in",
        plants: &[(DOMAIN, "Principal: {AWS: !GetAtt CollectorRole.Arn}", "Principal: {AWS: '*'}")],
        found: Found::Proof("P605"),
    },
    Fault {
        name: "the domain's policy allows every action",
        plants: &[(
            DOMAIN,
            "Action: [es:ESHttpDelete, es:ESHttpGet, es:ESHttpHead, es:ESHttpPost, es:ESHttpPut]",
            "Action: es:*",
        )],
        found: Found::Proof("P608"),
    },
    Fault {
        name: "the domain speaks TLS 1.0",
        plants: &[(
            DOMAIN,
            "TLSSecurityPolicy: Policy-Min-TLS-1-2-PFS-2023-10",
            "TLSSecurityPolicy: Policy-Min-TLS-1-0-2019-07",
        )],
        found: Found::Lint("J4008"),
    },
    Fault {
        name: "any role may be passed",
        plants: &[(
            CLUSTER,
            "                Action: ecr:GetAuthorizationToken\n",
            "                Action: iam:PassRole\n",
        )],
        found: Found::Proof("P603"),
    },
    Fault {
        name: "a task has no health check",
        plants: &[(
            MEMORY,
            "          HealthCheck:\n            Command: [CMD, /jqs-collector, health]\n            Interval: 10\n            Timeout: 5\n            Retries: 3\n            StartPeriod: 30\n",
            "",
        )],
        found: Found::Proof("P404"),
    },
    Fault {
        name: "an autoscaled service sets its count",
        plants: &[(
            SERVICES,
            "      ServiceName: collector\n",
            "      ServiceName: collector\n      DesiredCount: 2\n",
        )],
        found: Found::Proof("P803"),
    },
    Fault {
        name: "a container may use more memory than its task has",
        plants: &[(
            MEMORY,
            "        - Name: all-in-one\n          Image:",
            "        - Name: all-in-one\n          Memory: 8192\n          Image:",
        )],
        found: Found::Proof("P202"),
    },
    Fault {
        name: "the endpoints do not reach the registry",
        plants: &[(ENDPOINTS, ".ecr.dkr", ".ecr.nothing")],
        found: Found::Proof("P304"),
    },
    Fault {
        name: "a port of the service is not one of its container",
        plants: &[(
            SERVICES,
            "            - {ContainerPort: 4318, Protocol: tcp}\n",
            "            - {ContainerPort: 9411, Protocol: tcp}\n",
        )],
        found: Found::Proof("P401"),
    },
    Fault {
        name: "a task sends over the internet-facing load balancer",
        plants: &[(
            NETWORK_BALANCER,
            "\nOutputs:\n",
            "\n  Echo:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      ContainerDefinitions:\n        - {Name: echo, Image: 'echo:1', Environment: [{Name: ENDPOINT, Value: !GetAtt LoadBalancer.DNSName}]}\n\nOutputs:\n",
        )],
        found: Found::Proof("P412"),
    },
    Fault {
        name: "the load balancer faces the internet by default, and admits everybody",
        plants: &[
            (EXISTING, "    Default: internal\n", "    Default: internet-facing\n"),
            (
                EXISTING,
                "    Type: String\n    Default: ''\n    Description: >-\n      IPv4 range that may send",
                "    Type: String\n    Default: 0.0.0.0/0\n    Description: >-\n      IPv4 range that may send",
            ),
            (
                EXISTING,
                "        Assert: !Not [!Equals [!Ref Certificate, Disabled]]\n",
                "        Assert: !Equals [a, a]\n",
            ),
        ],
        found: Found::Proof("P501"),
    },
    Fault {
        name: "a partition is hard-coded",
        plants: &[(CLUSTER, "arn:${AWS::Partition}:ecr:${AWS::Region}", "arn:aws:ecr:${AWS::Region}")],
        found: Found::Lint("J2001"),
    },
    Fault {
        name: "the image is not pinned",
        plants: &[(MEMORY, "Image: !Ref ImageUri", "Image: jaegertracing/jaeger:latest")],
        found: Found::Lint("J5001"),
    },
    Fault {
        name: "the image is past its end of life",
        plants: &[(MEMORY, "Image: !Ref ImageUri", "Image: jaegertracing/all-in-one:1.33")],
        found: Found::Lint("J5011"),
    },
    Fault {
        name: "every service logs in with one password",
        plants: &[(
            DOMAIN,
            "      NodeToNodeEncryptionOptions:",
            "      AdvancedSecurityOptions: {Enabled: true, InternalUserDatabaseEnabled: true, MasterUserOptions: {MasterUserName: master-user, MasterUserPassword: Not-a-secret-1}}\n      NodeToNodeEncryptionOptions:",
        )],
        found: Found::Lint("W2501"),
    },
    Fault {
        name: "the domain publishes no slow logs",
        plants: &[(DOMAIN, "        SEARCH_SLOW_LOGS:", "        OTHER_LOGS:")],
        found: Found::Proof("P218"),
    },
    Fault {
        name: "a service has no circuit breaker",
        plants: &[(SERVICES, "        DeploymentCircuitBreaker: {Enable: true, Rollback: true}\n", "")],
        found: Found::Lint("J5004"),
    },
    Fault {
        name: "targets are asked only whether their port is open",
        plants: &[(NETWORK_BALANCER, "HealthCheckProtocol: HTTP\n", "HealthCheckProtocol: TCP\n")],
        found: Found::Lint("J5005"),
    },
    Fault {
        name: "targets are drained for five minutes",
        plants: &[(NETWORK_BALANCER, "        - {Key: deregistration_delay.timeout_seconds, Value: '30'}\n", "")],
        found: Found::Lint("J5009"),
    },
    Fault {
        name: "logs are kept for ever",
        plants: &[(CLUSTER, "      RetentionInDays: !Ref LogRetentionDays\n", "")],
        found: Found::Lint("J5002"),
    },
    Fault {
        name: "volumes are of the previous generation",
        plants: &[(DOMAIN, "VolumeType: gp3", "VolumeType: gp2")],
        found: Found::Lint("J5008"),
    },
    Fault {
        name: "the domain is of the old type",
        plants: &[(DOMAIN, "Type: AWS::OpenSearchService::Domain", "Type: AWS::Elasticsearch::Domain")],
        found: Found::Lint("J5007"),
    },
    Fault {
        name: "a parameter of a nested stack is forgotten",
        plants: &[(EXISTING, "        TraceRetentionDays: !Ref TraceRetentionDays\n", "")],
        found: Found::Lint("J1008"),
    },
    Fault {
        name: "an output is taken that the nested stack does not have",
        plants: &[(EXISTING, "Cluster.Outputs.LogGroupName", "Cluster.Outputs.LogGroup")],
        found: Found::Lint("J1006"),
    },
    Fault {
        name: "the network load balancer keeps no access logs",
        plants: &[(NETWORK_BALANCER, "access_logs.s3.enabled", "deletion_protection.enabled")],
        found: Found::Lint("J7001"),
    },
    Fault {
        name: "the application load balancer keeps no access logs",
        plants: &[(APPLICATION_BALANCER, "access_logs.s3.enabled", "deletion_protection.enabled")],
        found: Found::Lint("J7001"),
    },
    Fault {
        name: "tasks run on x86 alone",
        plants: &[(
            SERVICES,
            "      RuntimePlatform: {CpuArchitecture: !Ref CpuArchitecture, OperatingSystemFamily: LINUX}\n",
            "",
        )],
        found: Found::Lint("J7002"),
    },
    Fault {
        name: "services run on demand alone",
        plants: &[(
            SERVICES,
            "      CapacityProviderStrategy: [{CapacityProvider: !Ref CapacityProvider, Weight: 1}]\n",
            "      LaunchType: FARGATE\n",
        )],
        found: Found::Lint("J7003"),
    },
    Fault {
        name: "the domain cannot have dedicated masters",
        plants: &[(DOMAIN, "        DedicatedMasterEnabled: !If [HasMasters, true, false]\n", "")],
        found: Found::Lint("J7004"),
    },
    Fault {
        name: "the domain cannot have warm storage",
        plants: &[(DOMAIN, "        WarmEnabled: ", "        # ")],
        found: Found::Lint("J7005"),
    },
    Fault {
        name: "nobody can look into a task",
        plants: &[(MEMORY, "      EnableExecuteCommand: ", "      # ")],
        found: Found::Lint("J7006"),
    },
    Fault {
        name: "tasks have no tags",
        plants: &[(SERVICES, "      PropagateTags: SERVICE\n", "")],
        found: Found::Lint("J7007"),
    },
    Fault {
        name: "logs are kept for thirty days, whatever one needs",
        plants: &[(CLUSTER, "RetentionInDays: !Ref LogRetentionDays", "RetentionInDays: 30")],
        found: Found::Lint("J7008"),
    },
    Fault {
        name: "OTLP is not taken over HTTP",
        plants: &[(SERVICES, "            - {ContainerPort: 4318, Protocol: tcp}\n", "")],
        found: Found::Lint("J7009"),
    },
    Fault {
        name: "a port is mapped that nothing leads to",
        plants: &[(
            SERVICES,
            "            - {ContainerPort: 4318, Protocol: tcp}\n",
            "            - {ContainerPort: 4318, Protocol: tcp}\n            - {ContainerPort: 9411, Protocol: tcp}\n",
        )],
        found: Found::LintWhole("J7010"),
    },
    Fault {
        name: "Prometheus scrapes one task or another through the load balancer",
        plants: &[(
            NETWORK_BALANCER,
            "\nOutputs:\n",
            "\n  Scraping:\n    Type: AWS::SSM::Parameter\n    Properties:\n      Type: String\n      Value: !Sub \"scrape_configs: [{static_configs: [{targets: ['${LoadBalancer.DNSName}:8888']}]}]\"\n\nOutputs:\n",
        )],
        found: Found::Lint("J7011"),
    },
    Fault {
        name: "there are no alarms",
        plants: &[(ALARMS, "Type: AWS::CloudWatch::Alarm", "Type: AWS::CloudWatch::MetricStream")],
        found: Found::LintWhole("J7012"),
    },
    Fault {
        name: "nothing deletes old indices",
        plants: &[(EXISTING, "            - clean\n", "            - dependencies\n")],
        found: Found::LintWhole("J7013"),
    },
    Fault {
        name: "a fresh account lacks the service-linked role",
        plants: &[(DOMAIN, "Type: AWS::IAM::ServiceLinkedRole", "Type: AWS::IAM::Role")],
        found: Found::Lint("J7014"),
    },
    Fault {
        name: "a password is never changed",
        plants: &[(
            DOMAIN,
            "\nOutputs:\n",
            "\n  Password:\n    Type: AWS::SecretsManager::Secret\n    Properties: {GenerateSecretString: {PasswordLength: 32}}\n\nOutputs:\n",
        )],
        found: Found::Lint("J7015"),
    },
];
