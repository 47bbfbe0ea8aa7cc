package signed

import "strings"

// domains are the domains of AWS's partitions, by how the names of their Regions begin. All other
// Regions are in the first partition. Each module of the SDK's clients has the same table.
var domains = []struct{ regions, domain string }{
	{"cn-", "amazonaws.com.cn"},
	{"us-isof-", "csp.hci.ic.gov"},
	{"eu-isoe-", "cloud.adc-e.uk"},
	{"us-isob-", "sc2s.sgov.gov"},
	{"us-iso-", "c2s.ic.gov"},
	{"eusc-", "amazonaws.eu"},
}

// Endpoint returns the address of a service in a Region. service is its name in addresses.
func Endpoint(service, region string) string {
	domain := "amazonaws.com"
	for _, d := range domains {
		if strings.HasPrefix(region, d.regions) {
			domain = d.domain
			break
		}
	}
	return "https://" + service + "." + region + "." + domain
}
