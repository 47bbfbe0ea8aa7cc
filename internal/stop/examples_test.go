package stop

import "strings"

// example is a stop that a rule decides, and who published it.
type example struct {
	stop   Stop
	source string
}

// Pages of the Amazon ECS API reference and developer guide.
const (
	docEnum    = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html"
	docRunTask = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"
	docFailed  = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/failed-to-start-error.html"
	docReasons = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html"
	docStopped = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html"
	docService = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html"
)

// What stands for a page in examples that nobody published.
const (
	composed = "composed for the rule from published parts"
	invented = "invented for the rule" // ECS might say it
)

// placementExample stands before the words of a task for which no place was found.
const placementExample = "TaskFailedToStart: "

// failed is the example of a task that ECS could not start.
func failed(reason string, containers ...Container) Stop {
	return Stop{Kind: Task, Code: codeFailedToStart, Reason: reason, Containers: containers}
}

func refused(code, message string) Stop {
	return Stop{Kind: LaunchException, ErrorCode: code, Reason: message}
}

// exampleOf returns a rule's example. What is found no place for is said in failures[] with the words
// of a stopped task.
func exampleOf(name string) example {
	if e, ok := examples[name]; ok {
		return e
	}
	e := examples[strings.TrimPrefix(name, "launch-")]
	return example{Stop{Kind: LaunchFailure, Reason: strings.TrimPrefix(e.stop.Reason, placementExample)}, e.source}
}

// examples are those of all rules, by the rule's name.
var examples = map[string]example{
	"pull-connection":      {failed("The task cannot pull ‘image-name’ from the Amazon ECR repository ‘repository URI’. There is a connection issue between the task and Amazon ECR. Check your task network configuration."), "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"},
	"pull-refused":         {failed("CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/mycontainer:latest: pull access denied, repository does not exist or may require authorization"), "public bug reports"},
	"pull-missing":         {failed("CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref 123456789012.dkr.ecr.ap-south-1.amazonaws.com/poultryco/api:latest: not found"), "public bug reports"},
	"pull-no-space":        {failed("CannotPullContainerError: write /var/lib/docker/tmp/GetImageBlob111111111: no space left on device"), "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"},
	"pull-unfit":           {failed("CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'"), "public bug reports"},
	"pull-rate-limit":      {failed("Task failed to start - CannotPullImageManifestError: Error response from daemon: toomanyrequests: Request exceeded pull rate limit for IP XX.XXX.XX.XX"), "public bug reports"},
	"pull-registry-failed": {failed("CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1: unexpected status code [manifests 1]: 503 Service Unavailable"), composed},
	"pull-network":         {failed("CannotPullContainerError: API error (500): Get https://xxx.dkr.ecr.us-east-1.amazonaws.com/v2/: net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)"), "https://github.com/aws/amazon-ecs-agent/issues/1680"},
	"pull-unclear":         {failed("CannotPullContainerError: inspect image has been retried 1 time(s)"), "https://github.com/aws/copilot-cli/blob/mainline/internal/pkg/aws/ecs/ecs_test.go"},
	"create-wrong":         {failed("CannotCreateContainerError: API error (400): No command specified"), composed},
	"create-unclear":       {failed("CannotCreateContainerError: API error (500): Untar"), "https://github.com/aws/amazon-ecs-cli/issues/194"},
	"start-wrong":          {failed("CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: OCI runtime create failed: container_linux.go:370: starting container process caused: exec: \"/opt/sonarqube/bin/run.sh\": no such file or direct"), "https://github.com/aws/amazon-ecs-agent/issues/2954"},
	"start-unclear":        {failed("failed to initialize logging driver"), docStopped},
	"transition":           {failed("DockerTimeoutError: Could not transition to started; timed out after waiting ..."), docStopped},
	"out-of-memory":        {Stop{Kind: Task, CodeMissing: true, Reason: "container killed due to memory usage"}, docStopped},
	"health-check":         {Stop{Kind: Task, CodeMissing: true, Reason: "ELB healthcheck failed"}, docService},
	"exit-unread":          {Stop{Kind: Task, CodeMissing: true, Reason: "CannotInspectContainerError: Could not transition to inspecting; timed out after waiting 30s"}, docStopped},
	"container-exited":     {Stop{Kind: Task, CodeMissing: true, Reason: "Container exited"}, "public test fixtures"},

	"taken":             {Stop{Kind: Task, CodeMissing: true, Reason: "Host EC2 (instance i-123) terminated."}, docStopped},
	"user-said":         {Stop{Kind: Task, CodeMissing: true, Reason: "Task stopped by user"}, docStopped},
	"not-stopped":       {Stop{Kind: Task, Code: codeTerminationNotice, Reason: "Your Spot Task was interrupted.", LastStatus: "RUNNING"}, "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html"},
	"asked-by-person":   {Stop{Kind: Task, Code: codeUserInitiated, Reason: "Task stopped by user", Asked: AskedByPerson}, docEnum},
	RuleTimedOut:        {Stop{Kind: Task, Code: codeUserInitiated, Asked: AskedByTimeout, AskedWhile: "RUNNING"}, docEnum},
	RuleEndedLate:       {Stop{Kind: Task, Code: codeEssentialExited, Reason: exitText, Containers: endedWell, Asked: AskedByTimeout, AskedWhile: "RUNNING"}, invented},
	RuleHung:            {Stop{Kind: Task, Code: codeUserInitiated, Asked: AskedByLaunchTimeout, AskedWhile: "PROVISIONING"}, "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html"},
	"hung-may-have-run": {Stop{Kind: Task, Code: codeUserInitiated, Asked: AskedByLaunchTimeout, AskedWhile: "PENDING"}, "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html"},
	"user-initiated":    {Stop{Kind: Task, Code: codeUserInitiated, Reason: "Task stopped by user"}, docEnum},
	"interrupted":       {Stop{Kind: Task, Code: codeSpot, Reason: "Your Spot Task was interrupted."}, docEnum},
	"unhealthy":         {Stop{Kind: Task, Code: codeScheduler, Reason: "Task failed ELB health checks in (target-group web)"}, docService},
	"exit-zero":         {Stop{Kind: Task, Code: codeEssentialExited, Reason: exitText, Containers: endedWell}, docEnum},
	RuleExited:          {Stop{Kind: Task, Code: codeEssentialExited, Reason: exitText, Containers: endedBadly}, docEnum},
	"started-after-all": {Stop{Kind: Task, Code: codeFailedToStart, Reason: "Task failed to start", Containers: endedBadly}, "written for the rule, after a public bug report of an init container that had run"},
	"no-cause":          {failed("Task failed to start"), "https://github.com/aws/amazon-ecs-agent/issues/1430"},
	"not-pulled":        {failed("Task failed to start", Container{Name: "app", Reason: "TaskStoppedBeforePullBeginError: Task stopped before image pull could begin"}), "https://github.com/aws/amazon-ecs-agent/blob/master/agent/engine/errors.go"},
	"task-not-found":    {Stop{Kind: LaunchFailure, Reason: "MISSING", ARN: "arn:aws:ecs:us-east-1:123456789012:task/jobs/0a1"}, docReasons},
	"resource-wrong":    {failed("ResourceInitializationError: access denied"), "public bug reports"},
	"unknown":           {failed("Something that ECS says for the first time"), docStopped},
	"later-time":        {failed("Network interface eni-0a1 was detached from the task"), invented},
	"not-precise":       {failed("EFS was not in order"), invented},
	"caller-words":      {Stop{Kind: Task, CodeMissing: true, Reason: "moto testing"}, "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html"},

	"instance-refused": {failed(noInstance + "UnauthorizedOperation: You are not authorized to perform this operation. User: arn:aws:sts::123456789012:assumed-role/ecsInfrastructureRole/ECSManagedInstances is not authorized to perform: iam:PassRole"), "public code on GitHub"},
	"instance-busy":    {failed(noInstance + "RequestLimitExceeded: Request limit exceeded."), composed},
	ruleInstanceLimit:  {failed(noInstance + "MaxSpotInstanceCountExceeded: Max spot instance count exceeded."), "https://github.com/k-k1/agent-fleet"},
	ruleInstanceNone:   {failed(noInstance + "UnfulfillableCapacity: Unable to fulfill capacity due to your request configuration. Please adjust your request and try again."), "https://github.com/k-k1/agent-fleet"},
	"instance-wrong":   {failed(noInstance + "InvalidSubnetID.NotFound: The subnet ID 'subnet-0a1' does not exist"), composed},
	"instance-unclear": {failed(noInstance), "public bug reports"},

	RuleConflict:              {refused("ConflictException", "The request could not be processed because of conflict in the current state of the resource."), docRunTask},
	"launch-no-answer":        {refused("ServerException", "These errors are usually caused by a server issue."), docRunTask},
	ruleThrottled:             {refused("ThrottlingException", "Rate exceeded"), "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html"},
	ruleThrottledEC2:          {refused("InvalidParameterException", "Error retrieving subnet information for [subnet-abc123]: Rate exceeded (ErrorCode: Throttling)"), "https://github.com/dagster-io/dagster/issues/33439"},
	RuleInactive:              {refused("ClientException", "TaskDefinition is inactive"), "public bug reports"},
	ruleLaunchRunningLimit:    {Stop{Kind: LaunchFailure, Reason: "You've reached the limit on the number of vCPUs you can run concurrently"}, docService},
	"launch-above-limit":      {Stop{Kind: LaunchFailure, Reason: "The requested CPU configuration is above your limit"}, "https://cloudprovider.dask.org/en/latest/troubleshooting.html"},
	ruleServiceQuota:          {refused("ServiceQuotaExceededException", "The request exceeds a service quota."), "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html"},
	"launch-" + ruleCapacity:  {Stop{Kind: LaunchFailure, Reason: "Capacity is unavailable at this time. Please try again later or in a different availability zone"}, "https://github.com/apache/airflow/issues/48001"},
	"launch-ec2-unreachable":  {Stop{Kind: LaunchFailure, Reason: "Error retrieving security group information: Unable to execute HTTP request: Connect to ec2.us-east-1.amazonaws.com:443 failed: connect timed out"}, "public bug reports"},
	"launch-lost":             {refused("", "Post \"https://ecs.eu-west-1.amazonaws.com/\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"), "the words of Go's HTTP client"},
	"launch-no-instances":     {refused("InvalidParameterException", "No Container Instances were found in your cluster."), "https://github.com/boto/boto3/issues/2862"},
	"launch-service-role":     {refused("InvalidParameterException", "Unable to assume the service linked role. Please verify that the ECS service linked role exists."), "https://github.com/awslabs/fargatecli/issues/35"},
	"launch-role-not-assumed": {refused("ClientException", "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/bloom-dbinit-container' that was provided for this task."), "public bug reports"},
	"launch-refused":          {refused("InvalidParameterException", "Security group sg-0dd8a777c45711f1d does not appear to belong to the same VPC as the input subnets."), docRunTask},
	"launch-refused-code":     {refused("BlockedException", "Contact Support."), docRunTask},
	"launch-refused-unclear":  {refused("ClientException", "These errors are usually caused by a client action."), docRunTask},
	"launch-failure-unknown":  {Stop{Kind: LaunchFailure, Reason: "SOMETHING NEW"}, docReasons},
	"launch-unknown":          {refused("SomethingNewException", "What happened is new."), docRunTask},

	"secrets-connection":  {failed("ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration."), "public bug reports; the 2024 wording"},
	"secrets-refused":     {failed("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::123456789012:assumed-rol..."), "public bug reports"},
	"secrets-missing":     {failed("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s): ResourceNotFoundException: Secrets Manager can't find the specified secret."), "public bug reports"},
	"secrets-certificate": {failed("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 5 time(s): RequestError: send request failed caused by: Post \"https://ssm.us-east-1.amazonaws.com/\": x509: certificate signed by unknown authority"), "https://github.com/doitintl/kube-secrets-init/issues/7"},
	"secrets-invalid":     {failed("ResourceInitializationError: unable to retrieve secret from asm: retrieved secret from Secrets Manager did not contain json key connectionString"), "public bug reports"},
	"secrets-busy":        {failed("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 5 time(s): ThrottlingException: Rate exceeded status code: 400"), composed},
	"secrets-network":     {failed("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed"), "public bug reports"},
	"secrets-unclear":     {failed("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s)"), "https://github.com/aws/copilot-cli/issues/2095"},
	"logger-connection":   {failed("ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a connection issue between the task and Amazon CloudWatch. Check your network configuration."), "public bug reports"},
	"logger-refused":      {failed("ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/x is not authorized to perform: logs:CreateLogStream : exit status 1"), "public code on GitHub"},
	"logger-missing":      {failed("ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1"), composed},
	"logger-certificate":  {failed("ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: RequestError: send request failed caused by: Post \"https://logs.us-east-1.amazonaws.com/\": x509: certificate signed by unknown authority"), composed},
	"logger-invalid":      {failed("ResourceInitializationError: failed to validate logger args: unable to get awslogs driver arguments: awslogs-region is required"), "public bug reports"},
	"logger-busy":         {failed("ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ThrottlingException: Rate exceeded"), composed},
	"logger-unclear":      {failed("ResourceInitializationError: failed to validate logger args: : signal: killed"), "public bug reports"},
	"volume-refused":      {failed("ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4: access denied by server while mounting 127.0.0.1:/' : unsuccessful EFS utils command execution; code: 32"), "Amazon EFS user guide, and public write-ups of ECS with EFS"},
	"volume-unresolved":   {failed("ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed to resolve \"fs-00000000.efs.us-east-1.amazonaws.com\" - check that your file system ID is correct."), "https://repost.aws/knowledge-center/fargate-unable-to-mount-efs"},
	"volume-wrong":        {failed("ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4: mounting fs-00000000.efs.us-east-1.amazonaws.com:/data failed, reason given by server: No such file or directory' : unsuccessful EFS utils command execution; code: 32"), "https://repost.aws/knowledge-center/fargate-unable-to-mount-efs"},
	"volume-reset":        {failed("ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: mount.nfs4: Connection reset by peer : unsuccessful EFS utils command execution; code: 32"), "public bug reports"},
	"volume-unclear":      {failed("CannotCreateVolumeError: failed to create EBS volume"), docStopped},
	"volume-copy":         {failed("CannotCreateVolumeError: unable to copy contents to volume on host: containerd: failed to get image reference: context deadline exceeded", Container{Name: "app"}), "https://github.com/aws/containers-roadmap/issues/2599"},
	"host-wrong":          {failed("unsupported credentialsParameter, only ssm/secretsmanager ARNs are valid"), composed},
	"host-unclear":        {failed("CgroupError: Agent could not create task's platform resources"), agentEngine},

	"interface-host":      {failed("ResourceInitializationError: failed to configure ENI: failed to setup regular eni: netplugin failed with no error message"), "public Step Functions definitions that retry this text"},
	"interface-busy":      {failed("Rate limit exceeded while preparing network interface to be attached to instance"), "public AWS Batch job definitions that retry this text"},
	"interface-refused":   {failed("Unexpected EC2 error while attempting to tag the network interface: TagPolicyViolation"), "public code on GitHub"},
	"interface-wrong":     {failed("Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-0a1': InvalidSubnetID.NotFound: The subnet ID 'subnet-0a1' does not exist"), composed},
	"interface-none-free": {failed("Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet 'subnet-id"), docFailed},
	"interface-late":      {failed("Timeout waiting for network interface provisioning to complete."), "https://github.com/aws/amazon-ecs-agent/issues/4825"},
	"internal-refused":    {failed("InternalError: UnauthorizedOperation: You are not authorized to perform this operation"), composed},
	"internal-error":      {failed("InternalError: <reason>"), docFailed},
	"storage-refused":     {failed("Ephemeral storage provisioning failed: AccessDeniedException: the KMS key is not accessible"), composed},
	"storage-late":        {failed("Timeout waiting for EphemeralStorage provisioning to complete."), "https://github.com/dagster-io/dagster/pull/17234"},
	"placement-gpu":       {failed(placementExample + "RESOURCE:GPU"), docReasons},
	placementResource:     {failed(placementExample + "RESOURCE:MEMORY"), docReasons},
	"placement-agent":     {failed(placementExample + "AGENT"), docReasons},
	"placement-empty":     {failed(placementExample + "EMPTY CAPACITY PROVIDER"), docReasons},
	"placement-unfit":     {failed(placementExample + "ATTRIBUTE"), docReasons},
	ruleRunningLimit:      {failed("You've reached the limit on the number of vCPUs you can run concurrently"), docService},
	"above-limit":         {failed("The requested CPU configuration is above your limit."), docService},
	ruleCapacity:          {failed("Capacity is unavailable at this time. Please try again later or in a different availability zone"), docService},
	"role-not-assumed":    {failed("ECS was unable to assume the role 'arn:aws:iam::123456789012:role/task' that was provided for this task."), docService},
	"platform-retired":    {failed("The task definition is configured to use a Fargate platform version that's retired"), invented},
}
