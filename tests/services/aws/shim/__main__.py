"""MiniStack with what it lacks for CloudFormation templates like ours.

- Resource types: some are kept where the service's own API shows them (addresses, NAT gateways, security group rules,
  service-linked roles), the others are only recorded in the stack.
- What it drops or refuses: the Cloud Map services and the ECS Exec of an ECS service, alarms on an expression, how a
  listener's rule authenticates, the VPCs that make a hosted zone private, the id of a nested stack that begins, the logs
  that a domain publishes and its health, and of FilterLogEvents the prefix of streams and the pages.
- Cloud Control tells of what stacks have made, EC2 when an image was made, and S3 has the tags of stacks on their buckets.
- ECS: what it drops of a task definition, what it does not refuse in one, and deployments that take their time or fail.
- Template URLs with the bucket in the host name.
- `SHIM_DELAY_MS`: how long each resource takes, so that stacks stay in progress.
- `SHIM_FAIL_LOGICAL`: the logical id of a resource that fails.
- `SHIM_FAIL_DELETION`: logical ids of resources, comma-separated, that cannot be deleted; `SHIM_FAIL_TIMES` has how often, for
  ever without it, and `SHIM_FAIL_REASON` the reason of either failure.
- `SHIM_RECORD`: a file that gets a line of JSON for each resource that is made, with its properties as MiniStack resolved
  them.
- `SHIM_LOG_EVENTS_PER_PAGE`: how many events FilterLogEvents tells in one answer.
- `SHIM_ROLLOUT_LOOKS`: how often the deployment of a new task definition is looked at before it is done.
- `SHIM_FAIL_REVISIONS`: task definitions, as `FAMILY:REVISION,…`, whose deployment the circuit breaker gives up then.
- `SHIM_ECR_ENDPOINT`: the address of a registry that stands in for ECR's, told with the token to log in to it.
- Service-linked roles: those that an account has which has used these services before. `SHIM_WITHOUT_ROLES` names those
  that it lacks, comma-separated.
- Service Quotas: defaults of AWS for what the templates need. `SHIM_QUOTAS` has others that hold for the account, as JSON by
  the code of the quota.
"""

import account  # noqa: F401  what a module changes it changes when it is imported
import cloudcontrol  # noqa: F401
import cloudformation  # noqa: F401
import containers  # noqa: F401
import domains  # noqa: F401
import images  # noqa: F401
import logs  # noqa: F401
import resources  # noqa: F401
from ministack.app import main

main()
