package wire

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"

	"github.com/batchplane/batchplane/internal/adapter/scheduled"
)

// Scheduled returns everything that EventBridge starts on a schedule in an account and Region, as the
// JSON that the importer reads, and the Region.
func Scheduled(ctx context.Context, profile, region string) (document []byte, in string, err error) {
	c := StackConfig{Profile: profile, Region: region}
	cfg, err := loadAWS(ctx, c)
	if err != nil {
		return nil, "", err
	}
	document, err = scheduled.Reader{Rules: eventbridge.NewFromConfig(cfg), Schedules: scheduler.NewFromConfig(cfg)}.Read(ctx)
	if err != nil {
		return nil, "", explain(c, cfg.Region, err)
	}
	return document, cfg.Region, nil
}
