package localecs

import (
	"encoding/json"
	"strconv"
	"time"
)

// A task's lastStatus, in the order of its life. ECS also has ACTIVATING and DEACTIVATING. Here
// ACTIVATING lasts while commands are being started; DEACTIVATING belongs to services only.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
const (
	statusProvisioning   = "PROVISIONING"
	statusPending        = "PENDING"
	statusActivating     = "ACTIVATING"
	statusRunning        = "RUNNING"
	statusStopping       = "STOPPING"
	statusDeprovisioning = "DEPROVISIONING"
	statusStopped        = "STOPPED"
)

const (
	codeFailedToStart   = "TaskFailedToStart"
	codeContainerExited = "EssentialContainerExited"
	codeUserInitiated   = "UserInitiated"
	codeSpot            = "SpotInterruption"
	codeTermination     = "TerminationNotice"
)

// Task is a task as events show it. Times are RFC 3339 texts in UTC with up to three fractional digits.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
type Task struct {
	Attachments          []Attachment      `json:"attachments"`
	Attributes           []Pair            `json:"attributes"`
	AvailabilityZone     string            `json:"availabilityZone"`
	CapacityProviderName string            `json:"capacityProviderName,omitempty"`
	ClusterARN           string            `json:"clusterArn"`
	Connectivity         string            `json:"connectivity,omitempty"`
	ConnectivityAt       *time.Time        `json:"connectivityAt,omitempty"`
	Containers           []Container       `json:"containers"`
	CPU                  string            `json:"cpu,omitempty"`
	CreatedAt            *time.Time        `json:"createdAt"`
	DesiredStatus        string            `json:"desiredStatus"`
	EnableExecuteCommand bool              `json:"enableExecuteCommand"`
	EphemeralStorage     *EphemeralStorage `json:"ephemeralStorage,omitempty"`
	ExecutionStoppedAt   *time.Time        `json:"executionStoppedAt,omitempty"`
	Group                string            `json:"group"`
	LaunchType           string            `json:"launchType"`
	LastStatus           string            `json:"lastStatus"`
	Memory               string            `json:"memory,omitempty"`
	Overrides            Overrides         `json:"overrides"`
	PlatformVersion      string            `json:"platformVersion"`
	PullStartedAt        *time.Time        `json:"pullStartedAt,omitempty"`
	PullStoppedAt        *time.Time        `json:"pullStoppedAt,omitempty"`
	StartedAt            *time.Time        `json:"startedAt,omitempty"`
	StartedBy            string            `json:"startedBy,omitempty"`
	StopCode             string            `json:"stopCode,omitempty"`
	StoppedAt            *time.Time        `json:"stoppedAt,omitempty"`
	StoppedReason        string            `json:"stoppedReason,omitempty"`
	StoppingAt           *time.Time        `json:"stoppingAt,omitempty"`
	TaskARN              string            `json:"taskArn"`
	TaskDefinitionARN    string            `json:"taskDefinitionArn"`
	UpdatedAt            *time.Time        `json:"updatedAt"`
	Version              int64             `json:"version"`
}

// Container is a container of a task. ExitCode is absent if it never ran or nobody saw it end.
type Container struct {
	ContainerARN      string     `json:"containerArn"`
	ExitCode          *int64     `json:"exitCode,omitempty"`
	LastStatus        string     `json:"lastStatus"`
	Name              string     `json:"name"`
	Image             string     `json:"image"`
	Reason            string     `json:"reason,omitempty"`
	RuntimeID         string     `json:"runtimeId,omitempty"`
	TaskARN           string     `json:"taskArn"`
	NetworkInterfaces []struct{} `json:"networkInterfaces"`
	CPU               string     `json:"cpu"`
}

// Attachment is the elastic network interface of a task.
type Attachment struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Status  string `json:"status"`
	Details []Pair `json:"details"`
}

// Pair is a name with its value.
type Pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// EphemeralStorage is a task's disk.
type EphemeralStorage struct {
	SizeInGiB int `json:"sizeInGiB"`
}

// Overrides is what RunTask changes in the task definition.
type Overrides struct {
	ContainerOverrides []ContainerOverride `json:"containerOverrides"`
	CPU                string              `json:"cpu,omitempty"`
	Memory             string              `json:"memory,omitempty"`
	EphemeralStorage   *EphemeralStorage   `json:"ephemeralStorage,omitempty"`
	ExecutionRoleARN   string              `json:"executionRoleArn,omitempty"`
	TaskRoleARN        string              `json:"taskRoleArn,omitempty"`
}

// ContainerOverride changes one container, found by its name. ECS cannot override entryPoint, image,
// secrets or stopTimeout.
type ContainerOverride struct {
	Name                 string          `json:"name"`
	Command              []string        `json:"command,omitempty"`
	Environment          []Pair          `json:"environment,omitempty"`
	CPU                  *int            `json:"cpu,omitempty"`
	Memory               *int            `json:"memory,omitempty"`
	MemoryReservation    *int            `json:"memoryReservation,omitempty"`
	EnvironmentFiles     json.RawMessage `json:"environmentFiles,omitempty"`
	ResourceRequirements json.RawMessage `json:"resourceRequirements,omitempty"`
}

// Failure is an entry of failures[].
type Failure struct {
	ARN    string `json:"arn,omitempty"`
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

// epoch is a time in the API's answers: seconds since 1970 as a number.
type epoch time.Time

// MarshalJSON writes seconds with three fractional digits.
func (e epoch) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(time.Time(e).UnixMilli())/1000, 'f', 3, 64), nil
}

// describedTask is a task as DescribeTasks shows it: its times shadow those of Task.
type describedTask struct {
	Task
	ConnectivityAt     *epoch    `json:"connectivityAt,omitempty"`
	CreatedAt          *epoch    `json:"createdAt,omitempty"`
	ExecutionStoppedAt *epoch    `json:"executionStoppedAt,omitempty"`
	PullStartedAt      *epoch    `json:"pullStartedAt,omitempty"`
	PullStoppedAt      *epoch    `json:"pullStoppedAt,omitempty"`
	StartedAt          *epoch    `json:"startedAt,omitempty"`
	StoppedAt          *epoch    `json:"stoppedAt,omitempty"`
	StoppingAt         *epoch    `json:"stoppingAt,omitempty"`
	UpdatedAt          *struct{} `json:"updatedAt,omitempty"` // only events have it
}

func described(t Task) describedTask {
	return describedTask{
		Task:               t,
		ConnectivityAt:     (*epoch)(t.ConnectivityAt),
		CreatedAt:          (*epoch)(t.CreatedAt),
		ExecutionStoppedAt: (*epoch)(t.ExecutionStoppedAt),
		PullStartedAt:      (*epoch)(t.PullStartedAt),
		PullStoppedAt:      (*epoch)(t.PullStoppedAt),
		StartedAt:          (*epoch)(t.StartedAt),
		StoppedAt:          (*epoch)(t.StoppedAt),
		StoppingAt:         (*epoch)(t.StoppingAt),
	}
}
