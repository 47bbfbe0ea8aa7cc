package signed

import "strings"

// domains are those of AWS's partitions, by what the names of their Regions begin
// with; all other Regions are in the first one. The SDK's clients have the same table,
// each in its module.
var domains = []struct{ regions, domain string }{
	{"cn-", "amazonaws.com.cn"},
	{"us-isof-", "csp.hci.ic.gov"},
	{"eu-isoe-", "cloud.adc-e.uk"},
	{"us-isob-", "sc2s.sgov.gov"},
	{"us-iso-", "c2s.ic.gov"},
	{"eusc-", "amazonaws.eu"},
}

// Endpoint is where a service of a Region is, by its name in addresses.
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
