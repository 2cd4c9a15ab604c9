package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"

	"lyceum/internal/platform/config"
)

// password is what must never be printed.
const password = "correct-horse-battery-staple-and-more"

// write puts text into a file and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// from makes sources of a file's text, variables and arguments.
func from(t *testing.T, file string, environ []string, args ...string) config.Sources {
	t.Helper()
	s := config.Sources{Environ: append([]string{}, environ...), Flags: pflag.NewFlagSet("test", pflag.ContinueOnError)}
	if file != "" {
		s.File = write(t, "lyceum.yaml", file)
	}
	config.Flags(s.Flags)
	if err := s.Flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return s
}

func load(t *testing.T, s config.Sources) *config.Config {
	t.Helper()
	c, err := config.Load(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c := load(t, from(t, "", nil))
	want := map[string]bool{
		"http": c.HTTP.Addr == ":8080" && c.HTTP.AdminAddr == "127.0.0.1:8081",
		"base": c.Public.BaseDomain == "localhost" && c.Public.Port == 8080,
		"time": c.Timeout.Request == 10*time.Second && c.Timeout.Drain == 25*time.Second && c.Timeout.Statement == 5*time.Second,
		"body": c.Limit.Body == 256<<10,
		"work": cmp.Equal(c.Jobs.Queues, config.Queues{"default": 8, "mail": 2, "media": 1, "search": 2}),
		"none": !c.Database.URL.IsSet() && !c.Redis.URL.IsSet() && c.Search.URL == "" && len(c.Signing.Keys) == 0,
	}
	for what, holds := range want {
		if !holds {
			t.Errorf("default of %s: %+v", what, c)
		}
	}
}

func TestDescribeIsComplete(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, s := range config.Describe() {
		if s.Key == "" || s.Type == "" || s.Doc == "" || s.Accepts == "" || len(s.Env) == 0 {
			t.Errorf("something is missing: %+v", s)
		}
		if s.Secret != (s.Flag == "") {
			t.Errorf("%s: secret is %v and its flag %q", s.Key, s.Secret, s.Flag)
		}
		for _, name := range append([]string{s.Key, "--" + s.Flag}, s.Env...) {
			if other, taken := seen[name]; taken && name != "--" {
				t.Errorf("%s belongs to both %s and %s", name, other, s.Key)
			}
			seen[name] = s.Key
		}
	}
	for _, name := range []string{
		"PORT", "ADMIN_PORT", "DATABASE_URL", "LYCEUM_MIGRATE_DATABASE_URL", "REDIS_URL", "MEILI_URL",
		"MEILI_MASTER_KEY", "S3_ENDPOINT", "S3_PUBLIC_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_REGION",
		"LYCEUM_HOME", "LYCEUM_DEFAULT_TENANT", "LYCEUM_BASE_DOMAIN", "LYCEUM_SIGNING_KEYS",
	} {
		if seen[name] == "" {
			t.Errorf("no key is set by %s", name)
		}
	}
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	file := "http:\n  addr: 127.0.0.1:1001\n"
	tests := map[string]struct {
		file    string
		environ []string
		args    []string
		want    string
		source  string
	}{
		"default":                     {want: ":8080"},
		"file over default":           {file: file, want: "127.0.0.1:1001", source: "lyceum.yaml:2"},
		"dotted key in the file":      {file: "\nhttp.addr: :1001\n", want: ":1001", source: "lyceum.yaml:2"},
		"nothing after the colon":     {file: "http:\n  addr:\n", want: ":8080"},
		"an empty section":            {file: "http:\n", want: ":8080"},
		"well-known over file":        {file: file, environ: []string{"PORT=1002"}, want: ":1002", source: "PORT"},
		"our own over well-known":     {environ: []string{"LYCEUM_HTTP_ADDR=:1003", "PORT=1002"}, want: ":1003", source: "LYCEUM_HTTP_ADDR"},
		"the same the other way":      {environ: []string{"PORT=1002", "LYCEUM_HTTP_ADDR=:1003"}, want: ":1003", source: "LYCEUM_HTTP_ADDR"},
		"an empty variable is unset":  {file: file, environ: []string{"PORT="}, want: "127.0.0.1:1001", source: "lyceum.yaml:2"},
		"the last of equal variables": {environ: []string{"PORT=1", "PORT=2"}, want: ":2", source: "PORT"},
		"flag over environment":       {file: file, environ: []string{"PORT=1002"}, args: []string{"--http-addr=:1004"}, want: ":1004", source: "--http-addr"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := load(t, from(t, tt.file, tt.environ, tt.args...))
			if c.HTTP.Addr != tt.want {
				t.Errorf("http.addr is %q, want %q", c.HTTP.Addr, tt.want)
			}
			for _, v := range c.Values() {
				if v.Key == "http.addr" && filepath.Base(v.Source) != filepath.Base(tt.source) {
					t.Errorf("source is %q, want %q", v.Source, tt.source)
				}
			}
		})
	}
}

func TestEveryKindOfValueFromEverySource(t *testing.T) {
	t.Parallel()
	file := `
http:
  allowed_origins: [https://app.example.org, "http://localhost:3000"]
  trusted_proxies: [10.1.2.3/8]
limit: {body: 1MiB, depth: 20}
timeout:
  request: 1m
telemetry: {sample_ratio: 0.25}
signing:
  keys:
    - {id: new, secret: "env:NEW_KEY"}
    - {id: old, secret: ` + password + `}
jobs:
  queues: {media: 3, default: 9}
`
	environ := []string{
		"LYCEUM_HTTP_ALLOWED_ORIGINS=https://app.example.org, http://localhost:3000", "LYCEUM_HTTP_TRUSTED_PROXIES=10.1.2.3/8",
		"LYCEUM_LIMIT_BODY=1048576", "LYCEUM_LIMIT_DEPTH=20", "LYCEUM_TIMEOUT_REQUEST=60s", "LYCEUM_TELEMETRY_SAMPLE_RATIO=.25",
		"LYCEUM_SIGNING_KEYS=new=env:NEW_KEY,old=literal:" + password, "LYCEUM_JOBS_QUEUES=media=3,default=9",
	}
	secret := []string{"NEW_KEY=" + password + "2"}
	for name, s := range map[string]config.Sources{
		"file":        from(t, file, secret),
		"environment": from(t, "", append(environ, secret...)),
		"flags": from(t, "", []string{environ[6], secret[0]}, "--http-allowed-origins=https://app.example.org,http://localhost:3000",
			"--http-trusted-proxies=10.1.2.3/8", "--limit-body=1024KiB", "--limit-depth=20", "--timeout-request=1m0s",
			"--telemetry-sample-ratio=0.25", "--queues=media=3,default=9"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := load(t, s)
			if diff := cmp.Diff([]string{"https://app.example.org", "http://localhost:3000"}, c.HTTP.AllowedOrigins); diff != "" {
				t.Error(diff)
			}
			if got := fmt.Sprint(c.HTTP.TrustedProxies); got != "[10.0.0.0/8]" {
				t.Errorf("proxies %s", got)
			}
			if c.Limit.Body != 1<<20 || c.Limit.Depth != 20 || c.Timeout.Request != time.Minute || c.Telemetry.SampleRatio != 0.25 {
				t.Errorf("numbers: %+v %+v %+v", c.Limit, c.Timeout, c.Telemetry)
			}
			keys := c.Signing.Keys
			if len(keys) != 2 || keys[0].ID != "new" || keys[0].Secret.Reveal() != password+"2" || keys[1].Secret.Reveal() != password {
				t.Errorf("keys %+v", keys)
			}
			if diff := cmp.Diff(config.Queues{"media": 3, "default": 9}, c.Jobs.Queues); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestQueuesWithoutNumbersGetTheUsualWorkers(t *testing.T) {
	t.Parallel()
	c := load(t, from(t, "", []string{"LYCEUM_JOBS_WORKERS=6"}, "--queues=media,mail=1"))
	if diff := cmp.Diff(config.Queues{"media": 6, "mail": 1}, c.Jobs.Queues); diff != "" {
		t.Error(diff)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		file    string
		environ []string
		args    []string
		want    []string // parts of each line, in order
	}{
		"no number":              {environ: []string{"LYCEUM_LIMIT_DEPTH=deep"}, want: []string{`limit.depth (LYCEUM_LIMIT_DEPTH): "deep" is not a whole number; give a number from 1 to 100`}},
		"out of range":           {args: []string{"--limit-depth=0"}, want: []string{"limit.depth (--limit-depth): 0 is out of range; give a number from 1 to 100"}},
		"a port that is none":    {environ: []string{"PORT=70000"}, want: []string{`http.addr (PORT): ":70000" has no such port; give host:port`}},
		"a port with words":      {environ: []string{"ADMIN_PORT=x"}, want: []string{"http.admin_addr (ADMIN_PORT)"}},
		"not an address":         {file: "http: {addr: '8080'}", want: []string{`lyceum.yaml:1): "8080" is not an address`}},
		"the same address":       {environ: []string{"PORT=1", "LYCEUM_HTTP_ADMIN_ADDR=:1"}, want: []string{"http.admin_addr (LYCEUM_HTTP_ADMIN_ADDR): it is the same as http.addr"}},
		"no duration":            {file: "timeout:\n  drain: 25\n", want: []string{`lyceum.yaml:2): "25" is not a duration; give a duration such as`}},
		"too long":               {environ: []string{"LYCEUM_TIMEOUT_UNREADY=2h"}, want: []string{"2h0m0s is out of range"}},
		"no size":                {environ: []string{"LYCEUM_LIMIT_BODY=1KB"}, want: []string{`"1KB" is not a size; give a size such as`}},
		"a size beyond counting": {environ: []string{"LYCEUM_LIMIT_BODY=9999999999GiB"}, want: []string{"is not a size"}},
		"too large":              {environ: []string{"LYCEUM_LIMIT_BODY=1GiB"}, want: []string{"1GiB is out of range; give a size such as 4096, 256KiB, 10MiB or 2GiB, from 1KiB to 64MiB"}},
		"no share":               {environ: []string{"LYCEUM_TELEMETRY_SAMPLE_RATIO=NaN"}, want: []string{"NaN is out of range; give a number from 0 to 1"}},
		"no such word":           {environ: []string{"LYCEUM_LOG_LEVEL=loud"}, want: []string{`"loud" is not known; give one of debug, info, warn, error`}},
		"no host":                {environ: []string{"LYCEUM_BASE_DOMAIN=Exa mple"}, want: []string{`public.base_domain (LYCEUM_BASE_DOMAIN): "Exa mple" is not a host name`}},
		"no URL":                 {environ: []string{"MEILI_URL=search:7700", "MEILI_MASTER_KEY=k"}, want: []string{`search.url (MEILI_URL)`}},
		"a scheme that is none":  {environ: []string{"DATABASE_URL=mysql://u:" + password + "@h/db"}, want: []string{`database.url (DATABASE_URL): the scheme "mysql" is not known; give postgres://`}},
		"an unreadable URL":      {environ: []string{"REDIS_URL=redis://u:" + password + "@[::1/0"}, want: []string{"redis.url (REDIS_URL): it is not a URL with a host"}},
		"a password to show":     {environ: []string{"MEILI_URL=http://u:" + password + "@h", "MEILI_MASTER_KEY=k"}, want: []string{"it holds a password"}},
		"no origin":              {environ: []string{"LYCEUM_HTTP_ALLOWED_ORIGINS=https://a.example/path"}, want: []string{"has more than scheme, host and port; give a list of origins"}},
		"no network":             {environ: []string{"LYCEUM_HTTP_TRUSTED_PROXIES=10.0.0.1"}, want: []string{`"10.0.0.1" is not a network; give a list of networks`}},
		"a list for one value":   {file: "log: {level: [info]}", want: []string{"a single value is wanted"}},
		"one value for a list":   {file: "http: {allowed_origins: 5}", want: []string{"a list is wanted"}},
		"an unknown section":     {file: "htpp: {addr: ':1'}", want: []string{"htpp (lyceum.yaml:1): there is no such key; give home, http, public, "}},
		"an unknown key":         {file: "http:\n  adr: ':1'\n", want: []string{"http.adr (lyceum.yaml:2): there is no such key; give addr, admin_addr, "}},
		"a value for a section":  {file: "http: 8080", want: []string{"http (lyceum.yaml:1): it is a section; give addr, "}},
		"not YAML":               {file: "http: [", want: []string{"lyceum.yaml: it is not a YAML mapping"}},
		"not a mapping":          {file: "- http", want: []string{"lyceum.yaml: it is not a YAML mapping"}},
		"a key twice":            {file: "home: a\nhome: b\n", want: []string{"lyceum.yaml: it is not a YAML mapping"}},
		"a file that is not there": {
			args: []string{"--config=/nonexistent/lyceum.yaml"}, want: []string{"/nonexistent/lyceum.yaml: it cannot be read"},
		},
		"another file that is not": {environ: []string{"LYCEUM_CONFIG=/nonexistent"}, want: []string{"/nonexistent: it cannot be read"}},
		"a reference to nothing":   {environ: []string{"S3_SECRET_KEY=env:NOPE"}, want: []string{"blob.secret_key (S3_SECRET_KEY): the environment variable NOPE is not set; give env:NAME"}},
		"a reference to no file":   {environ: []string{"DATABASE_URL=file:/nonexistent"}, want: []string{"database.url (DATABASE_URL): read secret"}},
		"a reference to a device":  {environ: []string{"S3_SECRET_KEY=file:/dev/zero"}, want: []string{"/dev/zero is not a file of at most 65536 bytes"}},
		"a mask for a secret":      {file: "search: {master_key: '********'}", want: []string{"is how a secret is printed"}},
		"a short key":              {environ: []string{"LYCEUM_SIGNING_KEYS=a=short"}, want: []string{"the secret of key a has 5 bytes; give a list of id and secret"}},
		"a key without id":         {environ: []string{"LYCEUM_SIGNING_KEYS=" + password}, want: []string{"a key has no id"}},
		"a key twice over":         {environ: []string{"LYCEUM_SIGNING_KEYS=a=" + password + ",a=" + password}, want: []string{`the id "a" stands there twice`}},
		"a key with more":          {file: "signing: {keys: [{id: a, secrets: b}]}", want: []string{`a key has no "secrets"`}},
		"a key that is a number":   {file: "signing: {keys: [5]}", want: []string{"a key is not a int"}},
		"no queue":                 {args: []string{"--queues=,"}, want: []string{"there is no queue in it"}},
		"a queue without workers":  {args: []string{"--queues=media=0"}, want: []string{`jobs.queues (--queues): "media" with "0" workers`}},
		"a queue twice":            {args: []string{"--queues=a,a"}, want: []string{`the queue "a" stands there twice`}},
		"half of the storage": {
			environ: []string{"S3_ENDPOINT=https://s3.example", "S3_BUCKET=b"},
			want:    []string{"blob.access_key: it is not set although blob.endpoint is", "blob.secret_key: it is not set"},
		},
		"storage for the public alone": {
			environ: []string{"S3_PUBLIC_ENDPOINT=https://files.example"},
			want:    []string{"blob.public_endpoint (S3_PUBLIC_ENDPOINT): it is set although blob.endpoint is not"},
		},
		"search without its key": {environ: []string{"MEILI_URL=http://search:7700"}, want: []string{"search.master_key: it is not set although search.url is"}},
		"pools upside down":      {environ: []string{"LYCEUM_DATABASE_MAX_CONNS=1"}, want: []string{"database.min_conns: 2 is more than database.max_conns, which is 1"}},
		"sessions upside down":   {environ: []string{"LYCEUM_SESSION_IDLE=200h"}, want: []string{"session.idle (LYCEUM_SESSION_IDLE): 200h0m0s is longer than session.absolute"}},
		"rescue of the living":   {environ: []string{"LYCEUM_JOBS_TIMEOUT=3m"}, want: []string{"jobs.rescue_after: 2m0s is shorter than jobs.timeout"}},
		"statements that outlive their request": {
			environ: []string{"LYCEUM_TIMEOUT_STATEMENT=1m"}, want: []string{"timeout.statement (LYCEUM_TIMEOUT_STATEMENT): 1m0s is longer than timeout.request"},
		},
		"budgets that the largest document exceeds": {
			environ: []string{"LYCEUM_LIMIT_COST_USER=19999", "LYCEUM_LIMIT_COST_ADDRESS=0", "LYCEUM_LIMIT_COST_TENANT=1"},
			want: []string{
				"limit.cost_user (LYCEUM_LIMIT_COST_USER): 19999 is less than limit.nodes, which is 20000",
				"limit.cost_tenant (LYCEUM_LIMIT_COST_TENANT): 1 is less than limit.nodes",
			},
		},
		"all at once": {
			file: "htpp: 1\nlog: {level: loud}\n", environ: []string{"LYCEUM_LIMIT_DEPTH=x", "S3_ENDPOINT=ftp://s3"}, args: []string{"--limit-nodes=0"},
			want: []string{"htpp (", "log.level (", "blob.endpoint (", "limit.depth (", "limit.nodes ("},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkMistakes(t, from(t, tt.file, tt.environ, tt.args...), tt.want)
		})
	}
}

// checkMistakes wants one mistake for each of the parts, and no password in any.
func checkMistakes(t *testing.T, s config.Sources, want []string) {
	t.Helper()
	_, err := config.Load(s)
	var mistakes config.MistakesError
	if !errors.As(err, &mistakes) {
		t.Fatalf("got %v, want mistakes", err)
	}
	if strings.Contains(err.Error(), password) {
		t.Errorf("a secret is quoted:\n%v", err)
	}
	if len(mistakes) != len(want) {
		t.Fatalf("%d mistakes, want %d:\n%v", len(mistakes), len(want), err)
	}
	for i, part := range want {
		// The file lies in a directory of the test's.
		line := strings.ReplaceAll(mistakes[i].String(), filepath.Dir(s.File)+string(filepath.Separator), "")
		if !strings.Contains(line, part) {
			t.Errorf("mistake %d is %q, want %q", i, line, part)
		}
	}
}

func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	file := write(t, "key", password+"\n")
	c := load(t, from(t, "signing:\n  keys: [{id: a, secret: "+password+"}]\n", []string{
		"DATABASE_URL=postgres://app:" + password + "@db.example/lyceum?password=" + password,
		"REDIS_URL=env:CACHE", "CACHE=redis://app:" + password + "@cache.example/0",
		"S3_SECRET_KEY=" + password, "S3_ACCESS_KEY=file:" + file, "MEILI_MASTER_KEY=literal:env:" + password,
	}))
	for what, got := range map[string]string{
		c.Database.URL.Reveal():     "postgres://app:" + password + "@db.example/lyceum?password=" + password,
		c.Redis.URL.Reveal():        "redis://app:" + password + "@cache.example/0",
		c.Blob.SecretKey.Reveal():   password,
		c.Blob.AccessKey.Reveal():   password,
		c.Search.MasterKey.Reveal(): "env:" + password,
	} {
		if what != got {
			t.Errorf("revealed %q, want %q", what, got)
		}
	}

	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).InfoContext(t.Context(), "start", "config", c, "url", c.Database.URL)
	slog.New(slog.NewTextHandler(&logged, nil)).InfoContext(t.Context(), "start", "config", c, "url", c.Database.URL)
	asJSON, err := json.Marshal(c) //nolint:musttag // However it is encoded, it must not tell.
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(c) //nolint:musttag // However it is encoded, it must not tell.
	if err != nil {
		t.Fatal(err)
	}
	for how, text := range map[string]string{
		"%v": fmt.Sprintf("%v", c), "%+v": fmt.Sprintf("%+v", *c), "%#v": fmt.Sprintf("%#v", *c), "%s": fmt.Sprintf("%s", []config.Secret{c.Database.URL}),
		"%q": fmt.Sprintf("%q", c.Database.URL), "%x": fmt.Sprintf("%x", c.Blob.SecretKey), "hidden field": fmt.Sprintf("%+v", struct{ s config.Secret }{c.Blob.SecretKey}),
		"slog": logged.String(), "JSON": string(asJSON), "YAML": string(asYAML), "values": fmt.Sprint(c.Values()),
	} {
		if strings.Contains(text, password) || strings.Contains(text, fmt.Sprintf("%x", password)) {
			t.Errorf("%s shows the secret:\n%s", how, text)
		}
	}
	printed := map[string]config.Value{}
	for _, v := range c.Values() {
		printed[v.Key] = v
	}
	for key, want := range map[string]string{
		"database.url": "postgres://********@db.example/lyceum", "redis.url": "env:CACHE", "blob.access_key": "file:" + file, "blob.secret_key": "********",
	} {
		if got := fmt.Sprint(printed[key].Shown); got != want {
			t.Errorf("%s is printed as %q, want %q", key, got, want)
		}
	}
	if from := printed["database.url"].Source; from != "DATABASE_URL" {
		t.Errorf("the database's URL was set by %q", from)
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		environ []string
		want    string
	}{
		"where it listens":        {want: "http://acme.localhost:8080"},
		"another port":            {environ: []string{"PORT=9000"}, want: "http://acme.localhost:9000"},
		"the usual port":          {environ: []string{"PORT=80"}, want: "http://acme.localhost"},
		"behind a proxy":          {environ: []string{"LYCEUM_PUBLIC_SCHEME=https"}, want: "https://acme.localhost"},
		"behind a proxy, odd":     {environ: []string{"LYCEUM_PUBLIC_SCHEME=https", "LYCEUM_PUBLIC_PORT=8443"}, want: "https://acme.localhost:8443"},
		"any port, not yet known": {environ: []string{"PORT=0"}, want: "http://acme.localhost"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := load(t, from(t, "", tt.environ))
			if got := c.Public.Origin("acme." + c.Public.BaseDomain); got != tt.want {
				t.Errorf("origin %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	c := load(t, from(t, "", []string{"REDIS_URL=redis://h"}))
	if err := c.Require("redis.url", "http.addr"); err != nil {
		t.Errorf("nothing is missing, and yet: %v", err)
	}
	err := c.Require("database.url", "redis.url", "signing.keys")
	if err == nil || !strings.Contains(err.Error(), "2 mistakes") || !strings.Contains(err.Error(), "database.url: it is not set; give postgres://") ||
		!strings.Contains(err.Error(), "for instance in DATABASE_URL") || !strings.Contains(err.Error(), "signing.keys") {
		t.Errorf("got %v", err)
	}
}

func TestUnusedVariablesAreNamed(t *testing.T) {
	t.Parallel()
	c := load(t, from(t, "", []string{"LYCEUM_HTPP_ADDR=:1", "LYCEUM_HOME=x", "LYCEUM_TEST_DATA=y", "HOME=z", "LYCEUM_A=1"}))
	if want := []string{"LYCEUM_A", "LYCEUM_HTPP_ADDR"}; !slices.Equal(c.Unused, want) {
		t.Errorf("unused %q, want %q", c.Unused, want)
	}
}

func TestFlagsOfSomeKeys(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("work", pflag.ContinueOnError)
	flags.Bool("verbose", false, "not ours")
	config.Flags(flags, "jobs.queues")
	if err := flags.Parse([]string{"--verbose", "--queues=media"}); err != nil {
		t.Fatal(err)
	}
	c := load(t, config.Sources{Environ: []string{}, Flags: flags})
	if diff := cmp.Diff(config.Queues{"media": 4}, c.Jobs.Queues); diff != "" {
		t.Error(diff)
	}
	if flags.Lookup("http-addr") != nil {
		t.Error("a flag that nobody asked for")
	}
}
