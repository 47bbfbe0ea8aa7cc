package job

import (
	"maps"
	"strings"
	"unicode"

	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// MaxTags is how many tags a job may give its tasks. ECS takes 50, of which batchplane needs
// some (ECS API reference, RunTask "tags").
const MaxTags = 40

// OurTags is the prefix of the keys of batchplane's own tags.
const OurTags = "batchplane:"

// tagText matches what a tag may consist of in every service (AWS General Reference, "Tag
// naming limits and requirements").
var tagText = lazyregexp.New(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

func (j Job) validateTags(ps *problems) { validateTags(j.Tags, ps) }

func validateTags(tags map[string]string, ps *problems) {
	if len(tags) > MaxTags {
		ps.add("tags", "has %d entries; at most %d are allowed", len(tags), MaxTags)
	}
	for _, key := range sortedKeys(tags) {
		field, value := "tags."+key, tags[key]
		switch lower := strings.ToLower(key); {
		case key == "" || len([]rune(key)) > 128 || !tagText().MatchString(key):
			ps.add("tags", "%q cannot be a tag's key: use letters, digits, spaces and _ . : / = + - @, at most 128 of them", key)
		case strings.HasPrefix(lower, "aws:"):
			ps.add(field, "keys beginning with aws: are reserved by AWS")
		case strings.HasPrefix(lower, OurTags):
			ps.add(field, "keys beginning with %s are set by the control plane", OurTags)
		case len([]rune(value)) > 256 || !tagText().MatchString(value):
			ps.add(field, "%q cannot be a tag's value: use letters, digits, spaces and _ . : / = + - @, at most 256 of them", value)
		}
	}
}

// TagsOf gives the job's tags and batchplane's own tags for it, except that of the stack.
func (j Job) TagsOf() map[string]string {
	all := map[string]string{OurTags + "job": j.Name}
	if owner := tagValue(j.Owner); owner != "" {
		all[OurTags+"owner"] = owner
	}
	maps.Copy(all, j.Tags)
	return all
}

// CommonTags gives the tags that all jobs with the given base definition have with the same
// value; nil if there are none. They are the tags of the definition: what holds for each of
// its tasks holds for it.
func CommonTags(jobs []Job, family string) (common map[string]string) {
	for _, j := range jobs {
		if j.TaskDefinition != family {
			continue
		}
		tags := j.TagsOf()
		if common == nil {
			common = tags
			continue
		}
		for k, v := range common {
			if tags[k] != v {
				delete(common, k)
			}
		}
	}
	if len(common) == 0 {
		return nil
	}
	return common
}

// tagValue gives a text as the value of a tag: each character that no tag may have becomes -.
func tagValue(s string) string {
	r := []rune(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" _.:/=+-@", r) {
			return r
		}
		return '-'
	}, s))
	return string(r[:min(len(r), 256)])
}
