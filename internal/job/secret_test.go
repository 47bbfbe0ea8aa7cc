package job_test

import (
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
)

// TestEachFormOfASecret: a secret in each form that issuers use is found in a text, whatever its
// name.
func TestEachFormOfASecret(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a1B2", 10)
	for text, secret := range map[string]string{
		"postgres://me:" + long + "@host/db":              long,
		"jdbc:postgresql://db/x?user=me&password=" + long: long,
		"Server=db;User Id=me;Password=" + long + ";":     long,
		"host=db user=me password='" + long + "'":         long,
		"-Xmx1g -Dspring.datasource.password=" + long:     long,
		"--user=me --password=" + long:                    long,
		"Uid=me;PWD = " + long:                            long,
		"AccountName=a;AccountKey=" + long + "==;":        long + "==",
		"https://hooks.slack.com/services/" + long:        long,
		"https://hooks.slack.com/workflows/" + long:       long,
		"https://discord.com/api/webhooks/" + long:        long,
		"https://discordapp.com/api/webhooks/" + long:     long,
		"sk_live_" + long:                                 "sk_live_" + long,
		"rk_test_" + long:                                 "rk_test_" + long,
		"gho_" + long:                                     "gho_" + long,
		"github_pat_" + long:                              "github_pat_" + long,
		"glpat-" + long:                                   "glpat-" + long,
		"xoxb-" + long:                                    "xoxb-" + long,
		"eyJ" + long + "." + long:                         "eyJ" + long + "." + long,
		"-----BEGIN PRIVATE KEY----- " + long + " -----":  "-----BEGIN PRIVATE KEY----- " + long + " -----",
		"of no use: $HOME, a:b@c, gh, xox, eyJ, /discord": "",
		"password=$PW;pwd=${PW}&password=<yours>;password={};PWD=/srv;password=;passwordless=yes;ask_password=no": "",
		// What a command says in a shell's or in Python's quotes, an option without its value, a file of settings.
		`sh -c "psql 'password=\$PW'"; bash -c "mysql --password=\"$PW\""; if password == secret:`:                            "",
		"host=db password=null; Password=None;Password=REPLACE-ME;password=file:/run/pw&password=env:PW password=vault:db/pw": "",
		`connect(user="me", password=os.environ["PW"]); f(h, password=os.getenv("PW")); {password=process.env.PW}`:            "",
		"--password= --user=me; password=true; --password=./pw; password=~/.pw\npassword=\nuser=me":                           "",
	} {
		found := job.SecretsIn("it is " + text)
		if secret == "" {
			if len(found) > 0 {
				t.Errorf("%s: %v", text, found)
			}
			continue
		}
		if len(found) != 1 || ("it is " + text)[found[0][0]:found[0][1]] != secret {
			t.Errorf("%s: %v", text, found)
		}
	}
}
