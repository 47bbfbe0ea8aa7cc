package importer

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
)

// Names holds the names of the jobs of one import, each with the last number that was added to
// it.
type Names map[string]int

// unique makes a name that no other job has.
func (n Names) unique(name string) string {
	if name == "" {
		name = "job"
	}
	unique := name
	for i := max(2, n[name]+1); n[unique] > 0; i++ {
		suffix := fmt.Sprintf("-%d", i)
		unique = strings.TrimRight(name[:min(len(name), job.MaxNameLength-len(suffix))], "-_") + suffix
		n[name] = i
	}
	n[unique] = max(1, n[unique])
	return unique
}

// maxParts is the most words that a name may have to tell a job from the others.
const maxParts = 4

// Distinct names jobs after what their commands run; see Parts. Each name has as few words as
// tell it from the others, and a number if no words do.
func (in *Import) Distinct(all [][]string) []string {
	used := make([]int, len(all))
	for i := range used {
		used[i] = 1
	}
	for range maxParts {
		count := map[string]int{}
		for i, parts := range all {
			count[joined(parts, used[i])]++
		}
		for i, parts := range all {
			if used[i] < len(parts) && used[i] < maxParts && count[joined(parts, used[i])] > 1 {
				used[i]++
			}
		}
	}
	names := make([]string, len(all))
	for i, parts := range all {
		names[i] = in.names.unique(joined(parts, used[i]))
	}
	return names
}

func joined(parts []string, n int) string {
	return Clean(strings.Join(parts[:min(n, len(parts))], "-"))
}

// Clean turns a text into a job's name. It is "" if nothing is left.
func Clean(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			b.WriteRune(r)
		case strings.ContainsRune("-.:/ ", r) && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= job.MaxNameLength {
			break
		}
	}
	return strings.Trim(b.String(), "-_")
}

// Before refuses an item that was read before and reports that. Its identity is one that no other
// item has, or "" if it has none.
func (in *Import) Before(e *Entry, identity string) bool {
	if identity == "" || !in.twice(identity) {
		return false
	}
	e.Refuse("it was read before, and is one job")
	return true
}

// Again switches a job off if a former item had the same identity, which only one can have where
// they run: two jobs would do its work twice.
func (in *Import) Again(e *Entry, j *job.Job, identity string) {
	if in.twice(identity) {
		e.Off(j, "these files have it more than once, and where it runs there is one: keep the job that is right")
	}
}

func (in *Import) twice(identity string) bool {
	twice := in.read[identity]
	in.read[identity] = true
	return twice
}

// Place is a Region and an account of AWS; each is "" if it is not known.
type Place struct{ Region, Account string }

// PlaceOf gives the place of what an ARN names.
func PlaceOf(arn string) Place {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return Place{}
	}
	return Place{parts[3], parts[4]}
}

// At says where the first job is, as far as nothing has said it before.
func (in *Import) At(p Place) {
	in.home = Place{cmp.Or(in.home.Region, p.Region), cmp.Or(in.home.Account, p.Account)}
}

// Elsewhere switches a job off that is not in the Region and account of the first one: rules of several
// Regions may share a name and be the same job in each, and one stack cannot run both.
func (in *Import) Elsewhere(e *Entry, j *job.Job, at Place) {
	in.At(at)
	for _, one := range [][3]string{{"Region", at.Region, in.home.Region}, {"account", at.Account, in.home.Account}} {
		if one[1] != "" && one[1] != one[2] {
			e.Off(j, "it is in the %s %s and others in %s, but a stack starts tasks in its own %s alone: deploy it with a stack there", one[0], Clip(one[1]), Clip(one[2]), one[0])
		}
	}
}
