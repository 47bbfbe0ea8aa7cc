package crontab_test

import (
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
)

// TestACrontabThatIsATemplate: what a template's job did is not in the file. The forms are those of
// YunoHost-Apps/mastodon_ynh, conf/cron; mysociety/writetothem, conf/crontab-example;
// mysociety/alaveteli, config/crontab-example; and of Ansible's and configure's documentation.
func TestACrontabThatIsATemplate(t *testing.T) {
	t.Parallel()
	const told = "which is still to be filled in"
	for line, hole := range map[string]string{
		"@daily __APP__ cd __INSTALL_DIR__/live && bin/tootctl media remove":            "__INSTALL_DIR__",
		"5 * * * * www-data /usr/bin/php__PHP_VERSION__ /x/console core:archive":        "__PHP_VERSION__",
		"44 * * * * !!(*= $user *)!! /data/vhost/!!(*= $vhost *)!!/bin/warn-long-queue": "!!(*= $user *)!!",
		"0 4 * * * root /usr/bin/send --to {{ receiver }}":                              "{{ receiver }}",
		"0 4 * * * root /usr/bin/send --to {{item.receiver | default(x)}}":              "{{item.receiver | default(x)}}",
		"0 4 * * * root /usr/bin/send {{ hosts['a'].name }}":                            "{{ hosts['a'].name }}",
		"*/5 * * * * root @@PREFIX@@/bin/run":                                           "@@PREFIX@@",
		"*/5 * * * * root @BINDIR@/run":                                                 "@BINDIR@",
		"0 3 * * * /home/<user>/backup.sh":                                              "/<user>",
		"A={{ region }}\n0 3 * * * /x":                                                  "{{ region }}",
		"SHELL=__SHELL__\n0 3 * * * /x":                                                 "__SHELL__",
		"*/5 * * * * <%= user %> <%= vhost_dir %>/script/update-index":                  "<%= user %>",
	} {
		r := imported(t, line+"\n")
		j, e := lastJob(r)
		if notes := strings.Join(e.Notes, "\n"); !j.Disabled || strings.Count(notes, hole+", "+told) != 1 {
			t.Errorf("%s: switched off %v, %q", line, j.Disabled, e.Notes)
		}
	}
	for _, line := range []string{"<%= @minute %> <%= @hour %> * * * postgres /usr/bin/push", "<% if rbenv? %>", "{% for h in hosts %}", "{{ minute }} 3 * * * root /x"} {
		r := imported(t, line+"\n0 3 * * * root /x\n")
		if e := r.Entries[0]; e.Verdict != importer.Refused || !strings.Contains(strings.Join(e.Notes, "\n"), told) || r.Jobs[0].Disabled {
			t.Errorf("%s: %v, %q", line, e.Verdict, e.Notes)
		}
	}
}

// TestNoTemplate: what a command gives to another program's template is not filled in here.
func TestNoTemplate(t *testing.T) {
	t.Parallel()
	for _, command := range []string{
		"docker ps --format '{{.Names}}' | xargs -n1 /x", "docker inspect -f '{{json .State}}{{if .X}}a{{else}}b{{end}}' a", "php -r 'echo __DIR__;'", "python3 -m __main__", "/x a@b.c d@e.f", "/x <in", "ssh root@H1@H2 /x",
		"awk '/start/{next}/end/{print}' /x", "sed -n '/a/{p}/b/d' /x", "perl -ne 'print unless /^__END__/' /x",
	} {
		if j, e := lastJob(imported(t, at(command))); j.Disabled && strings.Contains(strings.Join(e.Notes, "\n"), "filled in") {
			t.Errorf("%s: %q", command, e.Notes)
		}
	}
}
