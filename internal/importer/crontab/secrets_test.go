package crontab_test

import (
	"testing"
)

// TestTakeSecrets: an assignment is removed only if the rest still means the same.
func TestTakeSecrets(t *testing.T) {
	t.Parallel()
	const takes, stays = "gets it from the task definition's secrets", "REPLACE-ME is written instead"
	runCases(t, []lineCase{
		{"before a command", at("FOO=b API_KEY=hunter2 /x"), "FOO=b /x", false, takes},
		{"first of two", at("API_KEY=hunter2 FOO=b /x"), "FOO=b /x", false, takes},
		{"quoted", at(`API_KEY="hunter2 \"x" /x`), "/x", false, takes},
		{"quoted in part", at(`MYSQL_PWD=foo'hunter2 baz'qux mysql -h db`), "mysql -h db", false, takes},
		{"exported", at("export API_KEY=hunter2; /x"), "/x", false, takes},
		{"exported with another", at("export A=b API_KEY=hunter2; /x"), "export A=b; /x", false, takes},
		{"then exported", at("TOKEN=hunter2; export TOKEN; /x"), "export TOKEN; /x", false, takes},
		{"and then", at("API_TOKEN=hunter2 && /x"), "/x", false, takes},
		{"behind a cd", at("cd /x && DB_PASSWORD=hunter2; ./y"), "cd /x; ./y", false, takes},
		{"between two", at("cd /x && DB_PASSWORD=hunter2 && ./y"), "cd /x && ./y", false, takes},
		{"after a ;", at("cd /x; DB_PASSWORD=hunter2 && ./y"), "cd /x; ./y", false, takes},
		{"instead of a failure", at("/a || DB_PASSWORD=hunter2; ./y"), "/a || DB_PASSWORD=REPLACE-ME; ./y", true, stays},
		{"last of all", at("/a; DB_PASSWORD=hunter2"), "/a; DB_PASSWORD=REPLACE-ME", true, stays},
		{"into a pipe", at("cd /x && DB_PASSWORD=hunter2 | ./y"), "cd /x && DB_PASSWORD=REPLACE-ME | ./y", true, stays},
		{"with a file", at("DB_PASSWORD=hunter2 > /f; /x"), "DB_PASSWORD=REPLACE-ME > /f; /x", true, stays},
		{"in a branch", at("if true; then TOKEN=hunter2 /x; fi"), "if true; then TOKEN=REPLACE-ME /x; fi", true, stays},
		{"in a query", at(`curl "https://x/c?job=1&token=hunter2"`), `curl "https://x/c?job=1&token=REPLACE-ME"`, true, stays},
		{"in a form", at(`curl -d "user=bob&password=hunter2" x`), `curl -d "user=bob&password=REPLACE-ME" x`, true, stays},
		{"of env", at("env A=b TOKEN=hunter2 /x"), "env A=b TOKEN=REPLACE-ME /x", true, stays},
		{"a reference", at("TOKEN=$OTHER /x"), "TOKEN=$OTHER /x", false, ""},
		{"a reference in quotes", at(`TOKEN="${OTHER}" /x`), `TOKEN="${OTHER}" /x`, false, ""},
		{"a substitution", at("TOKEN=$(cat /run/t) /x"), "TOKEN=$(cat /run/t) /x", false, ""},
		{"a $ that is none", at("TOKEN='$hunter2' /x"), "/x", false, takes},
		{"a default", at("TOKEN=${A:-hunter2} /x"), "/x", false, takes},
		{"a path", at("TOKEN=/run/secrets/t /x"), "TOKEN=/run/secrets/t /x", false, ""},
		{"two values of one name", at("TOKEN=hunter1 /a") + at("TOKEN=hunter2 /b"), "/b", true, "another value elsewhere"},
	})
}

// TestSecretsAreHidden: what looks like a secret is in nothing that is written, and the job waits
// for a person.
func TestSecretsAreHidden(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]string{ //nolint:gosec // none of them opens anything
		"mysql":               "mysqldump -u root -p'hunter2!' db",
		"mysql, bare":         "mysql -phunter db -phunter2",
		"mysql, a folder":     "/x /var/lib/mysql $(/opt/mysql/mysql -phunter2! db)",
		"mysql, elsewhere":    "/opt/data/mysqldump/mysqldump -phunter2! db",
		"mysql, in a folder":  "/opt/backup/mysqldump -u root -phunter!hunter2 db",
		"a script of mysql":   "/backup/mysql-dump.sh -phunter!hunter2",
		"mongo, in a folder":  "/srv/mongodump -u u -p hunter2",
		"a file that is not":  "/x --password hunter2.pem2",
		"tokens of one's own": "/x --user-token hunter2",
		"quoted -p":           "/x -p'hunter2!'",
		"bearer":              `curl -H "Authorization: Bearer hunter2hunter2" https://x`,
		"basic":               `curl -H 'Authorization: Basic hunter2' https://x`,
		"a header":            "curl -H 'X-Api-Key: hunter2' https://x",
		"curl -u":             "curl -u user:hunter2 https://x",
		"curl --user":         "curl --user 'user:hunter2' https://x",
		"sshpass":             "sshpass -p hunter2 ssh x@y",
		"cron_key":            "wget -q https://x/cron.php?cron_key=hunter2",
		"key":                 "curl 'https://x/?a=1&key=hunter2'",
		"in a URL":            "/x postgres://u:hunter2@h/db",
		"in an inner value":   `/x A="--b=c --password=hunter2"`,
		"an option":           "/x --password hunter2",
		"an option of PHP":    "php --token hunter2",
		"an option, quoted":   "/x --password='hun hunter2'",
		"JSON":                `curl -d "{\"password\": \"hunter2\"}" https://x`,
		"a webhook":           "curl https://hooks.slack.com/services/T0/B0/hunter2",
		"a token of a forge":  "/x ghp_hunter2hunter2hunter2",
		"a registry":          "docker login -u u -p hunter2 r",
		"lftp":                "lftp -u u,hunter2 ftp://h",
		"redis":               "redis-cli -a hunter2 ping",
		"bcp":                 "bcp t out f -S h -U sa -P hunter2",
		"sqlcmd":              "sqlcmd -S h -U sa -P hunter2 -Q x",
		"a key of Azure":      "azcopy 'AccountName=a;AccountKey=hunter2=='",
		"openssl":             "openssl enc -pass pass:hunter2",
		"standard input":      "/x%password=hunter2",
		"quotes left open":    `/x "password=hunter2`,
		"blanks":              "/x 'password = hunter2'",
		"a bracket within":    "/x 'password = a[hunter2'",
		"a bracket behind":    "/x '--password=hunter2['",
		"like a lookup":       `/x --token=hunter2["KEY"]`,
		"a call":              `python3 -c 'password = b64decode("hunter2")'`,
		"a call of two":       `python3 -c 'token = login("ADMIN", "hunter2"); y()'`,
		"a default":           `python3 -c "password = os.environ.get('PASSWORD', 'hunter2')"`,
		"calls in calls":      `python3 -c 'secret = str(bytes("hunter2"))'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := imported(t, at(command))
			j, e := lastJob(r)
			if !j.Disabled || e.Verdict != "needs a decision" {
				t.Errorf("%s: %+v %q", command, j, e.Notes)
			}
			nowhere(t, r, "hunter2")
		})
	}
	for name, text := range map[string]string{
		"a comment":                  "# password=hunter2\n" + at("/x"),
		"a comment, said":            "# The password: hunter2\n" + at("/x"),
		"a comment, several words":   "#DB_PASSWORD=hun hunter2\n" + at("/x"),
		"a comment with a URL":       "# https://u:hunter2@h/\n" + at("/x"),
		"a job that is off":          "#0 1 * * * TOKEN=hunter2 /x\n" + at("/x"),
		"an invalid line":            `DB_PASSWORD="hunter2" # x` + "\n" + at("/x"),
		"an invalid line, open":      `DB_PASSWORD="hun hunter2` + "\n" + at("/x"),
		"an invalid line, exported":  "export TOKEN=hun hunter2\n" + at("/x"),
		"a bad hour":                 "0 30 * * * TOKEN=hunter2 /x\n" + at("/x"),
		"a boot":                     "@reboot TOKEN=hunter2 /x\n" + at("/x"),
		"an environment line":        "DATABASE_URL=postgres://u:hunter2@h/db\n" + at("/x"),
		"options in a variable":      at(`A="--b=c --password=hunter2" /x`),
		"a connection string":        "AZ=AccountName=a;AccountKey=hunter2==\n" + at("/x"),
		"one with options":           "CURL_OPTS=--password hunter2\n" + at("/x"),
		"a mail":                     at("/x | mail --password hunter2 x@y"),
		"a value that has no escape": "SECRET_KEY='hunter2'\n" + at("/x"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nowhere(t, imported(t, text), "hunter2")
		})
	}
}

// TestMaybeSecrets: what may be a password or not stays, and the report asks about it.
func TestMaybeSecrets(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"/x -psecretly", "http -a user:pass https://x", "/x -u www:www"} {
		runCases(t, []lineCase{{command, at(command), command, false, "it may hold a password"}})
	}
}

// TestNoSecrets: what is not a secret stays.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	for _, command := range []string{
		"mkdir -p /a", "/opt/bcp t out f -S h -U u -P \"$P\"", "find /a -print0 | xargs -0 /x", "ssh -p 2222 x", "ssh -p2222 x", "/x -u 1000:1000", "php artisan token:purge", "curl http://h:8080/a@b",
		"tar -C /var/lib/mysql -pczf - . | ssh h 'cat > x.tgz'", "rsync -a /srv/mysql -e 'ssh -p2222' h:/x", "/x --private-key key.pem in out", "/x --max-token 512", "/x --password ssm:/shop/db/password",
		"TOKEN=op://vault/item/field op run -- /x", "/x --password-file /run/p", "curl -u \"$U:$P\" https://x", "mysql -h h -p$PW db", "/x --token \"$TOKEN\"", "curl -H \"Authorization: Bearer $T\" x",
		// As in github.com/redhat-appstudio/infra-deployments, route-cert-sync-cronjob.yaml.
		`python3 -c 'import json, os; secret = os.environ["TLS_SECRET"]; token = json.loads("{}")'`,
		`ruby -e 'token = ENV.fetch("deploy_token"); password = Config["DB_PASSWORD"]'`, `python3 -c 'secret = str(os.getenv("a", "")); key = open("/run/key").read()'`,
	} {
		if j, e := lastJob(imported(t, at(command))); len(j.Command) != 3 || j.Command[2] != command || j.Disabled {
			t.Errorf("%q became %q: %q", command, j.Command, e.Notes)
		}
	}
}

// TestSecretsOfLinesThatAreLeftOut: nothing that an import gives shows them either.
func TestSecretsOfLinesThatAreLeftOut(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		`"my db"=postgres://u:hunter2@h/d`, "0 1 * * DB_PASSWORD=hunter2 /x", "export DB_PASSWORD=hunter2", "{{ minute }} 1 * * * DB_PASSWORD=hunter2 /x", "# DB_PASSWORD=hunter2",
	} {
		r := imported(t, line+"\n"+at("/x"))
		if e := r.Entries[0]; e.Job != nil {
			t.Errorf("%s: %+v", line, e)
		}
		nowhere(t, r, "hunter2")
	}
}
