package job

import (
	"strings"
)

// MaxTags is how many tags a job may give its tasks: ECS takes 50, of which
// batchplane needs some (ECS API reference, RunTask "tags").
const MaxTags = 40

// OurTags is what the keys of batchplane's own tags begin with.
const OurTags = "batchplane:"

// tagText is what tags may be made of in every service (AWS General Reference,
// "Tag naming limits and requirements").
var tagText = compiled(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

func (j Job) validateTags(ps *problems) { validateTags(j.Tags, ps) }

func validateTags(tags map[string]string, ps *problems) {
	if len(tags) > MaxTags {
		ps.add("tags", "are %d; at most %d may be named", len(tags), MaxTags)
	}
	for _, key := range sortedKeys(tags) {
		field, value := "tags."+key, tags[key]
		switch lower := strings.ToLower(key); {
		case key == "" || len([]rune(key)) > 128 || !tagText().MatchString(key):
			ps.add("tags", "%q cannot be a tag's key: use letters, digits, blanks and _ . : / = + - @, at most 128 of them", key)
		case strings.HasPrefix(lower, "aws:"):
			ps.add(field, "keys beginning with aws: are AWS's")
		case strings.HasPrefix(lower, OurTags):
			ps.add(field, "keys beginning with %s are set by the control plane", OurTags)
		case len([]rune(value)) > 256 || !tagText().MatchString(value):
			ps.add(field, "%q cannot be a tag's value: use letters, digits, blanks and _ . : / = + - @, at most 256 of them", value)
		}
	}
}
