package localecs

import "maps"

// missing returns the first secret of a task that nobody knows, "" if there is none.
func (s *Server) missing(r *record) string {
	for _, spec := range r.Specs {
		for _, secret := range spec.Secrets {
			if _, ok := s.secret(secret); !ok {
				return secret.ValueFrom
			}
		}
	}
	return ""
}

func (s *Server) secret(x Secret) (string, bool) {
	if s.cfg.Secrets == nil {
		return "", false
	}
	return s.cfg.Secrets(x.ValueFrom, x.Name)
}

// unlocked adds the values of a container's secrets to its variables, for the runner only: what is
// stored has none of them.
func (s *Server) unlocked(spec ContainerSpec) ContainerSpec {
	if len(spec.Secrets) == 0 {
		return spec
	}
	spec.Env = maps.Clone(spec.Env)
	for _, secret := range spec.Secrets {
		if value, ok := s.secret(secret); ok {
			spec.Env[secret.Name] = value
		}
	}
	return spec
}
