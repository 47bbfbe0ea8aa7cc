package dynamo

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// ItemOf returns a run as Commit stores it.
func (s *Store) ItemOf(r *run.Run) (map[string]types.AttributeValue, error) {
	return s.runItem(r, writeMark())
}

// JobItemOf returns a job's item as Commit stores it.
func JobItemOf(i *job.Item) (map[string]types.AttributeValue, error) {
	return jobItem(i, writeMark())
}

// Keeping returns the store as people's tools use it.
func (s *Store) Keeping() *Store { return New(Config{DB: s.db, Table: s.table, KeepDefinitions: true}) }
