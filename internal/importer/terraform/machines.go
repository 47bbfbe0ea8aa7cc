package terraform

import (
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/importer/ecs"
)

// machine gives the definition of a state machine in the file, or nil if it is not known.
func (s *show) machine(arn string) *doc.Node {
	i, known := s.machines[ecs.MachineOf(arn)]
	if !known || !ecs.IsMachine(arn) || ecs.Get(s.resources[i].sensitive, "definition").True() {
		return nil
	}
	return doc.One(s.resources[i].values.Get("definition").String())
}
