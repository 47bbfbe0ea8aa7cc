// Package localecs is a small stand-in for the part of the Amazon ECS API that batchplane uses. The
// real AWS SDK client can be pointed at it: in the local mode, where tasks are processes of the
// operating system, and in tests, where tasks follow a script on a virtual clock.
//
// Operations: RunTask, DescribeTasks, StopTask, ListTasks, RegisterTaskDefinition,
// DescribeTaskDefinition, DeregisterTaskDefinition. It answers anything else with
// UnknownOperationException.
//
// Where it keeps a promise of ECS, the comment there names the source. It leaves out: services,
// container instances, images and networks (a container is its command, run on this machine), health
// checks, container dependencies, restart policies, tags of tasks, IAM and request signatures.
// Config.Secrets provides secrets.
package localecs
