package wire

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"

	"github.com/batchplane/batchplane/internal/adapter/scheduled"
	"github.com/batchplane/batchplane/internal/signed"
)

// Scheduled returns everything that EventBridge starts on a schedule in an account and Region, as the
// JSON that the importer reads, and the Region. c need not name a stack.
func Scheduled(ctx context.Context, c StackConfig) (document []byte, in string, err error) {
	cfg, err := loadAWS(ctx, c)
	if err != nil {
		return nil, "", err
	}
	document, err = scheduled.Reader{
		Rules: eventbridge.NewFromConfig(cfg), Schedules: scheduler.NewFromConfig(cfg), Machines: &signed.Client{Config: cfg, Service: "states"},
	}.Read(ctx)
	if err != nil {
		return nil, "", explain(c, cfg.Region, err)
	}
	return document, cfg.Region, nil
}
