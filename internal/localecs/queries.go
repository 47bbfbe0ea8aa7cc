package localecs

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"time"
)

const (
	maxDescribe = 100 // tasks of one DescribeTasks
	maxList     = 100 // ARNs of one page of ListTasks
)

type describeTasksRequest struct {
	Cluster string   `json:"cluster"`
	Tasks   []string `json:"tasks"`
}

// describeTasks describes up to 100 tasks. A task that is too new to be seen, was stopped more than an
// hour ago, or never existed is a failure MISSING.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
func (s *Server) describeTasks(in describeTasksRequest) (any, error) {
	if len(in.Tasks) == 0 {
		return nil, invalid("Tasks cannot be empty.")
	}
	if len(in.Tasks) > maxDescribe {
		return nil, invalid("at most 100 tasks can be described at a time")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	cluster, err := s.clusterName(in.Cluster)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(in.Tasks))
	for i, name := range in.Tasks {
		ids[i] = taskID(name)
	}
	for _, id := range ids {
		if err := s.writeEnd(id); err != nil { // else a task that has ended would seem to run past its job's timeout
			return nil, err
		}
	}
	tasks, err := s.find(ids...)
	if err != nil {
		return nil, err
	}
	now := s.now()
	answer := runTaskAnswer{Tasks: []any{}, Failures: []Failure{}}
	for _, id := range ids {
		r, ok := tasks[id]
		if !ok || !s.visible(r, cluster, now) {
			answer.Failures = append(answer.Failures, Failure{ARN: s.arn("task/" + cluster + "/" + id), Reason: "MISSING"})
			continue
		}
		answer.Tasks = append(answer.Tasks, described(r.Task))
	}
	return answer, nil
}

// visible reports whether readers of the cluster see the task. They no longer see a task that ECS has
// forgotten, and do not yet see one that is too new: ECS is eventually consistent, so a request right
// after RunTask may not see its task.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
func (s *Server) visible(r *record, cluster string, now time.Time) bool {
	age := now.Sub(*r.Task.CreatedAt)
	old := age < 0 || age >= s.cfg.Delays.Invisible // below zero if the clock was put back since
	return r.Cluster == cluster && !r.forgotten(now) && old
}

// taskID returns the last part of a task's ARN, or the id itself.
func taskID(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

type listTasksRequest struct {
	Cluster           string `json:"cluster"`
	Family            string `json:"family"`
	StartedBy         string `json:"startedBy"`
	DesiredStatus     string `json:"desiredStatus"`
	ServiceName       string `json:"serviceName"`
	LaunchType        string `json:"launchType"`
	ContainerInstance string `json:"containerInstance"`
	MaxResults        int    `json:"maxResults"`
	NextToken         string `json:"nextToken"`
}

func (in *listTasksRequest) check() error {
	if in.StartedBy != "" && in.Family+in.ServiceName+in.LaunchType+in.ContainerInstance+in.DesiredStatus != "" {
		return invalid("startedBy must be the only filter that you use")
	}
	if in.MaxResults < 0 || in.MaxResults > maxList {
		return invalid("maxResults must be from 1 to 100")
	}
	return nil
}

// selects reports whether the task passes every filter. All tasks here are Fargate's, so none belongs
// to a service or a container instance.
func (in *listTasksRequest) selects(r *record) bool {
	return r.Task.DesiredStatus == cmp.Or(in.DesiredStatus, statusRunning) &&
		(in.StartedBy == "" || in.StartedBy == r.Task.StartedBy) &&
		(in.Family == "" || in.Family == r.Family) &&
		(in.LaunchType == "" || in.LaunchType == "FARGATE") &&
		in.ServiceName == "" && in.ContainerInstance == ""
}

type listTasksAnswer struct {
	TaskARNs  []string `json:"taskArns"`
	NextToken string   `json:"nextToken,omitempty"`
}

// listTasks lists tasks, by default those whose desiredStatus is RUNNING. So startedBy, which must be
// the only filter, does not find a task that is stopping or stopped.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
func (s *Server) listTasks(in listTasksRequest) (any, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	cluster, err := s.clusterName(in.Cluster)
	if err != nil {
		return nil, err
	}
	tasks := maps.Clone(s.tasks)
	if in.DesiredStatus == statusStopped {
		if err := s.addStopped(tasks); err != nil {
			return nil, err
		}
	}
	now := s.now()
	found := sorted(maps.Values(tasks), func(r *record) bool { return s.visible(r, cluster, now) && in.selects(r) })
	return page(found, in), nil
}

// page cuts a list. The token is the place of the page's last task, so that the next page is the same
// if that task no longer passes the filter by then.
func page(found []*record, in listTasksRequest) listTasksAnswer {
	size := in.MaxResults
	if size == 0 {
		size = maxList
	}
	answer := listTasksAnswer{TaskARNs: []string{}}
	last := ""
	for _, r := range found {
		switch {
		case r.place() <= in.NextToken:
		case len(answer.TaskARNs) == size:
			answer.NextToken = last
			return answer
		default:
			answer.TaskARNs, last = append(answer.TaskARNs, r.Task.TaskARN), r.place()
		}
	}
	return answer
}

// place is a text by which lists are sorted: by when a task was created, then by its id.
func (r *record) place() string { return fmt.Sprintf("%020d/%s", r.Task.CreatedAt.UnixNano(), r.ID) }

// inOrder compares tasks by their places.
func inOrder(a, b *record) int {
	return cmp.Or(a.Task.CreatedAt.Compare(*b.Task.CreatedAt), strings.Compare(a.ID, b.ID))
}

type stopTaskRequest struct {
	Cluster string `json:"cluster"`
	Task    string `json:"task"`
	Reason  string `json:"reason"`
}

// stopTask makes the server send SIGTERM to a task's containers, and SIGKILL after their stopTimeout.
// The reason becomes the task's stoppedReason. For a task that is stopped or already stopping, it
// returns the task as it is. Unlike the readers, it sees a new task at once.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
func (s *Server) stopTask(in stopTaskRequest) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cluster, err := s.clusterName(in.Cluster)
	if err != nil {
		return nil, err
	}
	id := taskID(in.Task)
	defer s.hold(id)()
	if err := s.writeSeen(id); err != nil { // else a task that has ended would count as stopped by this request
		return nil, fmt.Errorf("writing the end of task %s: %w", id, err)
	}
	r, err := s.task(id)
	if err != nil {
		return nil, err
	}
	if r == nil || r.Cluster != cluster || r.forgotten(s.now()) {
		return nil, invalid("The referenced task was not found.")
	}
	if r.stoppable() {
		reason := cmp.Or(in.Reason, "Task stopped by user")
		if err := s.change(r.ID, func(r *record, now time.Time) { r.stopping(now, codeUserInitiated, reason) }); err != nil {
			return nil, fmt.Errorf("stopping task %s: %w", r.ID, err)
		}
	}
	if r, err = s.task(r.ID); err != nil {
		return nil, err
	}
	return map[string]any{"task": described(r.Task)}, nil
}

// stoppable reports whether the task's way to its end has not begun. A Spot warning alone does not
// begin it.
func (r *record) stoppable() bool {
	switch r.Task.LastStatus {
	case statusProvisioning, statusPending, statusRunning:
		return true
	case statusActivating:
		return r.Task.DesiredStatus == statusRunning
	}
	return false
}
