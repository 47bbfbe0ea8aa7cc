package people

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

var (
	// errElsewhere says that the image's name is not that of a private registry of ECR. Those of other
	// accounts and Regions are asked: who may not ask is told so.
	errElsewhere = errors.New("not in a private registry of ECR, so it cannot be checked here")
	errNotPulled = errors.New("not pulled yet: a pull through cache rule fetches it at its first launch, so it cannot be checked here")
)

// image asks ECR about <registry>/<repository>:<tag> or @<digest>, or both.
func (f *Facts) image(ctx context.Context, image string) (string, error) {
	account, region, path, id, private := inRegistry(image)
	if !private {
		return "", errElsewhere
	}
	there := func(o *ecr.Options) { o.Region = region }
	in := &ecr.DescribeImagesInput{RegistryId: &account, RepositoryName: &path, ImageIds: []ecrtypes.ImageIdentifier{id}}
	out, err := f.ECR.DescribeImages(ctx, in, there)
	switch {
	case missing(err):
		if cause := f.notCached(ctx, account, path, there); cause != nil {
			return "", cause
		}
		return unpullable(nil), nil
	case err != nil:
		return "", fmt.Errorf("describing the image: %w", err)
	}
	return unpullable(out.ImageDetails), nil
}

// unpullable says why an image cannot be pulled, of which ECR says this, "" if it can. A lifecycle policy may
// archive what was not pulled for long; each pull then fails as if the image were not there (ECR user
// guide, "Archiving an image").
func unpullable(described []ecrtypes.ImageDetail) string {
	if len(described) == 0 {
		return notThere + ", or ECR has archived it"
	}
	for _, d := range described {
		if d.ImageStatus != "" && d.ImageStatus != ecrtypes.ImageStatusActive {
			return "it is " + string(d.ImageStatus) + " and cannot be pulled: restore it in ECR, and except it from the lifecycle policy"
		}
	}
	return ""
}

// inRegistry splits the name of an image in a private registry of ECR. Without a tag and a digest it
// means the tag latest.
func inRegistry(image string) (account, region, repository string, id ecrtypes.ImageIdentifier, private bool) {
	host, path, ok := strings.Cut(image, "/")
	account, region, private = registry(host)
	path, digest, hasDigest := strings.Cut(path, "@")
	path, tag, hasTag := strings.Cut(path, ":")
	id.ImageTag = aws.String("latest")
	switch {
	case hasDigest: // a tag before it selects nothing
		id = ecrtypes.ImageIdentifier{ImageDigest: &digest}
	case hasTag:
		id.ImageTag = &tag
	}
	return account, region, path, id, ok && private
}

// registry splits the name of a private registry of ECR, in each of its forms: with or without FIPS,
// for IPv4 or dual stack (ECR user guide, "Making requests to Amazon ECR registries"; AWS General
// Reference, "Amazon ECR endpoints and quotas").
func registry(host string) (account, region string, ok bool) {
	account, rest, _ := strings.Cut(host, ".dkr")
	for _, form := range []string{".ecr.", ".ecr-fips.", "-ecr.", "-ecr-fips."} {
		if rest, ok := strings.CutPrefix(rest, form); ok {
			region, _, _ = strings.Cut(rest, ".")
			return account, region, true
		}
	}
	return "", "", false
}

// notCached returns nil if no rule of the registry fetches a repository's images when they are first
// pulled, else errNotPulled. A rule is for the names that begin with its prefix and a slash, or, as
// ROOT, for all (ECR user guide, "Customizing repository prefixes for ECR to ECR pull through cache").
func (f *Facts) notCached(ctx context.Context, account, repository string, there func(*ecr.Options)) error {
	pages := ecr.NewDescribePullThroughCacheRulesPaginator(f.ECR, &ecr.DescribePullThroughCacheRulesInput{RegistryId: &account})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx, there)
		if err != nil {
			return fmt.Errorf("reading the rules for pull through caches, as the image is not there: %w", err)
		}
		for _, rule := range page.PullThroughCacheRules {
			if prefix := aws.ToString(rule.EcrRepositoryPrefix); prefix == "ROOT" || strings.HasPrefix(repository, prefix+"/") {
				return errNotPulled
			}
		}
	}
	return nil
}
