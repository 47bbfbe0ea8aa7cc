// Package localecs is a small stand-in for the part of the Amazon ECS API that
// batchplane uses, so that the real AWS SDK client can be pointed at it: for the
// local mode, where tasks are processes of the operating system, and for tests,
// where tasks follow a script on a virtual clock.
//
// Operations: RunTask, DescribeTasks, StopTask, ListTasks,
// RegisterTaskDefinition, DescribeTaskDefinition, DeregisterTaskDefinition.
// Anything else is answered with UnknownOperationException.
//
// What it keeps of ECS's promises is said, with its source, where it is kept.
// What it leaves out: services, container instances, images and networks (a
// container is its command, run on this machine), health checks, container
// dependencies, restart policies, tags of tasks, IAM and request signatures. Secrets
// are what Config.Secrets gives.
package localecs
