package localecs

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"strconv"
	"time"
)

// newRecord returns the i-th task of a launch, in PROVISIONING.
func (s *Server) newRecord(in *runTaskRequest, d definition, c definitionContent, now time.Time, i int) *record {
	of := fmt.Sprintf("%s/%d", in.of, i)
	id := digest(fmt.Sprintf("task %d %s %d %d", s.cfg.Seed, of, in.number, now.UnixNano()))[:32]
	r := &record{ID: id, Cluster: in.Cluster, Family: d.Family, Of: of}
	r.Task = Task{
		Attachments:          []Attachment{attachment(id, in.NetworkConfiguration.AwsvpcConfiguration.Subnets)},
		Attributes:           []Pair{{Name: "ecs.cpu-architecture", Value: architecture()}},
		AvailabilityZone:     s.cfg.Region + "a",
		CapacityProviderName: in.provider(),
		ClusterARN:           in.clusterARN,
		CPU:                  cmp.Or(in.overrides.CPU, c.CPU),
		CreatedAt:            &now,
		DesiredStatus:        statusRunning,
		EnableExecuteCommand: in.EnableExecuteCommand,
		EphemeralStorage:     &EphemeralStorage{SizeInGiB: 20}, // Fargate's own amount
		Group:                cmp.Or(in.Group, "family:"+d.Family),
		LaunchType:           "FARGATE",
		LastStatus:           statusProvisioning,
		Memory:               cmp.Or(in.overrides.Memory, c.Memory),
		Overrides:            in.overrides.complete(c),
		PlatformVersion:      "1.4.0",
		StartedBy:            in.StartedBy,
		TaskARN:              s.arn("task/" + in.Cluster + "/" + id),
		TaskDefinitionARN:    s.definitionARN(d),
		UpdatedAt:            &now,
		Version:              1,
	}
	if storage := cmp.Or(in.overrides.EphemeralStorage, c.EphemeralStorage); storage != nil {
		r.Task.EphemeralStorage = storage
	}
	for j, def := range c.ContainerDefinitions {
		r.Task.Containers = append(r.Task.Containers, s.newContainer(r, def, j))
		r.Specs = append(r.Specs, s.newSpec(r, def, in.overrides.of(def.Name)))
	}
	return r
}

func (s *Server) newContainer(r *record, def containerDefinition, i int) Container {
	return Container{
		ContainerARN: s.arn(fmt.Sprintf("container/%s/%s/%s", r.Cluster, r.ID, uuid(fmt.Sprintf("container %s %d", r.ID, i)))),
		LastStatus:   statusPending, Name: def.Name, Image: def.Image, TaskARN: r.Task.TaskARN,
		NetworkInterfaces: []struct{}{}, CPU: "0",
	}
}

func (s *Server) newSpec(r *record, def containerDefinition, o ContainerOverride) ContainerSpec {
	spec := ContainerSpec{
		TaskID: r.ID, Container: def.Name,
		Family: r.Family, StartedBy: r.Task.StartedBy,
		Essential: def.Essential == nil || *def.Essential,
		Argv:      append([]string{}, def.EntryPoint...),
		Env:       map[string]string{}, Secrets: def.Secrets,
		Dir: def.WorkingDirectory, StopTimeout: stopTimeout, Memory: def.Memory,
	}
	if memory, err := strconv.Atoi(r.Task.Overrides.Memory); err == nil {
		spec.Memory = memory
	}
	if def.StopTimeout != nil {
		spec.StopTimeout = time.Duration(*def.StopTimeout) * time.Second
	}
	if len(o.Command) > 0 {
		spec.Argv = append(spec.Argv, o.Command...)
	} else {
		spec.Argv = append(spec.Argv, def.Command...)
	}
	for _, pair := range append(append([]Pair{}, def.Environment...), o.Environment...) {
		spec.Env[pair.Name] = pair.Value
	}
	return spec
}

// of returns the override of one container. If there are several, later ones add to and replace earlier
// ones.
func (o Overrides) of(name string) ContainerOverride {
	var found ContainerOverride
	for _, c := range o.ContainerOverrides {
		if c.Name != name {
			continue
		}
		if len(c.Command) > 0 {
			found.Command = c.Command
		}
		found.Environment = append(found.Environment, c.Environment...)
	}
	return found
}

// complete names every container, as ECS does, with its overrides if it has any.
func (o Overrides) complete(c definitionContent) Overrides {
	named := map[string]bool{}
	full := append([]ContainerOverride{}, o.ContainerOverrides...)
	for _, override := range full {
		named[override.Name] = true
	}
	for _, def := range c.ContainerDefinitions {
		if !named[def.Name] {
			full = append(full, ContainerOverride{Name: def.Name})
		}
	}
	o.ContainerOverrides = full
	return o
}

// provider returns the capacity provider with the largest weight in the strategy.
func (in *runTaskRequest) provider() string {
	name, most := "", -1
	for _, p := range in.CapacityProviderStrategy {
		if p.Weight > most {
			name, most = p.CapacityProvider, p.Weight
		}
	}
	return name
}

func attachment(id string, subnets []string) Attachment {
	a := Attachment{ID: uuid("eni " + id), Type: "eni", Status: "PRECREATED", Details: []Pair{}}
	if len(subnets) > 0 {
		a.Details = append(a.Details, Pair{Name: "subnetId", Value: subnets[0]})
	}
	return a
}

func architecture() string {
	if runtime.GOARCH == "arm64" {
		return "arm64"
	}
	return "x86_64"
}

func (s *Server) arn(resource string) string {
	return fmt.Sprintf("arn:aws:ecs:%s:%s:%s", s.cfg.Region, s.cfg.Account, resource)
}

func runtimeID(taskID string, container int) string {
	return fmt.Sprintf("%s-%010d", taskID, container+1)
}

func digest(of string) string {
	sum := sha256.Sum256([]byte(of))
	return hex.EncodeToString(sum[:])
}

// uuid returns a text in the form of a UUID that depends only on its argument.
func uuid(of string) string {
	h := digest(of)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:32]
}
