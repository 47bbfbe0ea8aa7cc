package terraform

import (
	"cmp"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
)

// ruleName gives a rule's name. If only the apply will give it one, it is what the file calls it.
func ruleName(r resource) string {
	return cmp.Or(r.values.Get("name").String(), r.values.Get("name_prefix").String(), r.address[strings.LastIndexByte(r.address, '.')+1:])
}

// maxSame is how many rules with the same name are told apart.
const maxSame = 100

// owners finds the rule of each target that names one.
func (s *show) owners() map[int]string {
	out := map[int]string{}
	for name, targets := range s.targetsOf {
		for _, i := range targets {
			out[i] = s.owner(s.resources[i], s.rules[name])
		}
	}
	return out
}

// owner gives the address of the rule to which a target belongs, of those with the name that it
// gives. Rules of several Regions and accounts may share a name.
func (s *show) owner(target resource, named []int) string {
	var all []resource
	for _, i := range named[:min(len(named), maxSame)] {
		if r := s.resources[i]; sameBus(r, target) {
			all = append(all, r)
		}
	}
	code := s.refers[ruleOf+inCodeAddress(target.address)]
	all = narrowed(all, func(r resource) bool { return inCodeAddress(r.address) == code })
	all = narrowed(all, func(r resource) bool { return place(r) == place(target) })
	all = narrowed(all, func(r resource) bool { return module(r.address) == module(target.address) })
	all = narrowed(all, func(r resource) bool {
		return slices.Equal(indexes().FindAllString(r.address, -1), indexes().FindAllString(target.address, -1))
	})
	if len(all) == 0 {
		return ""
	}
	return all[0].address
}

// narrowed gives those of several rules that fit, or all if none does.
func narrowed(all []resource, fits func(resource) bool) []resource {
	if len(all) < 2 {
		return all
	}
	if fit := slices.DeleteFunc(slices.Clone(all), func(r resource) bool { return !fits(r) }); len(fit) > 0 {
		return fit
	}
	return all
}

// place gives the Region and the account of a rule, or of what a target starts. ECS tasks are
// started where the rule is. Since version 6 the provider has a Region in every resource.
func place(r resource) importer.Place {
	at := importer.PlaceOf(r.values.Get("arn").String())
	at.Region = cmp.Or(r.values.Get("region").String(), at.Region)
	return at
}

// module gives the address of the instance of a module that has a resource.
func module(address string) string {
	if at := strings.LastIndex(address, ".aws_"); at >= 0 {
		return address[:at]
	}
	return ""
}

// disabled reports whether a rule is or will be disabled, and whether the file leaves that open.
// State and is_enabled say the same in a state. In a plan, the one that the code does not set keeps
// its old value, and the apply follows the code
// (https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/events/rule.go).
func (s *show) disabled(r resource) (disabled, open bool) {
	state, enabled := r.values.Get("state").String(), r.values.Get("is_enabled")
	code := s.written[inCodeAddress(r.address)]
	off := enabled.String() == "false"
	switch disabled = state == "DISABLED"; {
	case state == "":
		return off, false
	case enabled.Absent(), disabled == off:
		return disabled, false
	case code.Has("state") != code.Has("is_enabled"):
		return code.Has("state") && disabled || code.Has("is_enabled") && off, false
	}
	return disabled, true
}

// identity tells a rule's target, or a schedule, from all others; "" before the apply.
func identity(of, target resource) string {
	arn := of.values.Get("arn").String()
	if arn == "" {
		return ""
	}
	return arn + " " + target.values.Get("target_id").String()
}
