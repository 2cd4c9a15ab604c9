package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/bench/dataset"
	"lyceum/internal/bench/load"
	"lyceum/internal/bench/question"
	"lyceum/internal/bench/report"
	"lyceum/internal/bench/rig"
)

// The names of the ways in which Lyceum runs.
const (
	lyceum         = "Lyceum"
	lyceumUncached = "Lyceum, no response cache"
	postGraphile   = "PostGraphile"
)

// Targets are the ratios that the report checks.
func Targets() []report.Target {
	return []report.Target{
		{Question: "W1", Contender: lyceum, Against: postGraphile, AtLeast: 30},
		{Question: "W1", Contender: lyceumUncached, Against: postGraphile, AtLeast: 1},
		{Question: "W2", Contender: lyceum, Against: postGraphile, AtLeast: 2},
		{Question: "W3", Contender: lyceum, Against: postGraphile, AtLeast: 2},
		{Question: "W4", Contender: lyceum, Against: postGraphile, AtLeast: 5},
		{Question: "W5", Contender: lyceum, Against: postGraphile, AtLeast: 2},
		{Question: "W2", Contender: lyceum, Against: question.HandWritten, AtLeast: 0.8},
		{Question: "W3", Contender: lyceum, Against: question.HandWritten, AtLeast: 0.8},
		{Question: "W4", Contender: lyceum, Against: question.HandWritten, AtLeast: 0.6},
		{Question: "W5", Contender: lyceum, Against: question.HandWritten, AtLeast: 0.8},
	}
}

// Entry is a contender that can be started.
type Entry struct {
	question.Speaker

	// Keeps says that it answers from a cache of whole answers.
	Keeps   bool
	command rig.Command
}

// Start starts the contender and gives it visitors of its own.
func (e Entry) Start(ctx context.Context, s *rig.Rig, visits []dataset.Visit) (*Contender, error) {
	process, err := s.Run(ctx, e.command)
	if err != nil {
		return nil, err
	}
	c := &Contender{Speaker: e.Speaker, Process: process, Visitors: make([]*question.Visitor, len(visits))}
	for i, visit := range visits {
		c.Visitors[i] = &question.Visitor{Visit: visit}
	}
	if err := c.Deepen(ctx); err != nil {
		return nil, fmt.Errorf("find deep pages: %w", err)
	}
	if err := c.tag(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// tag gives every visitor the tag of the public catalog, of a contender that tags it.
func (c *Contender) tag(ctx context.Context) error {
	speaker, tags := c.Speaker.(interface {
		Catalog(v *question.Visitor, etag string) load.Request
	})
	if !tags {
		return nil
	}
	known := map[string]string{}
	for _, v := range c.Visitors {
		if _, asked := known[v.Slug]; !asked {
			header, _, err := c.once(ctx, speaker.Catalog(v, ""))
			if err != nil {
				return err
			}
			known[v.Slug] = header.Get("ETag")
		}
		v.ETag = known[v.Slug]
	}
	return nil
}

// Lineup lists the contenders. Ports are chosen anew each time.
func Lineup(ctx context.Context, s *rig.Rig, peer string) ([]Entry, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	ports := make([]int, 7)
	for i := range ports {
		if ports[i], err = rig.FreePort(ctx); err != nil {
			return nil, err
		}
	}
	bytes := filepath.Join(s.Logs, "answer.json")
	if err := writeAnswer(bytes); err != nil {
		return nil, err
	}
	limits := rig.Command{
		Name: "limit", Argv: []string{self, "bench", "limit", "--addr", address(ports[3]), "--bytes", bytes},
		Environ: []string{"DATABASE_URL=" + s.AppURL}, Port: ports[3], Ready: "/bytes",
	}
	memory := limits
	memory.Name, memory.Port = "memory", ports[4]
	memory.Argv = []string{self, "bench", "limit", "--addr", address(ports[4]), "--bytes", bytes}
	return []Entry{
		{question.Lyceum{Called: lyceum, Port: ports[0]}, true, product(s, self, "lyceum", ports[0], ports[1])},
		{question.Lyceum{Called: lyceumUncached, Port: ports[5]}, false, product(s, self, "uncached", ports[5], ports[6], "LYCEUM_RESPONSE_CACHE=off")},
		{question.PostGraphile{Port: ports[2]}, false, rig.Command{
			Name: "postgraphile", Argv: []string{filepath.Join(peer, "node_modules", ".bin", "node"), filepath.Join(peer, "server.mjs")},
			Environ: []string{"NODE_ENV=production", "PEER_DATABASE_URL=" + s.AppURL, "PEER_PORT=" + strconv.Itoa(ports[2])},
			Port:    ports[2], Ready: "/graphql",
		}},
		{question.Limit{Port: ports[3]}, false, limits},
		{question.Limit{Port: ports[4], Memory: true}, false, memory},
	}, nil
}

// Uncached is Lyceum without its response cache alone.
func Uncached(ctx context.Context, s *rig.Rig) (Entry, error) {
	self, err := os.Executable()
	if err != nil {
		return Entry{}, fmt.Errorf("find this program: %w", err)
	}
	port, err := rig.FreePort(ctx)
	if err != nil {
		return Entry{}, err
	}
	admin, err := rig.FreePort(ctx)
	if err != nil {
		return Entry{}, err
	}
	return Entry{question.Lyceum{Called: lyceumUncached, Port: port}, false, product(s, self, "uncached", port, admin, "LYCEUM_RESPONSE_CACHE=off")}, nil
}

// product is Lyceum in production settings. Budgets are off, because one address asks for everybody; everything else
// is as it is delivered.
func product(s *rig.Rig, self, name string, port, adminPort int, more ...string) rig.Command {
	return rig.Command{
		Name: name, Argv: []string{self, "serve"}, Port: port, Ready: "/readyz",
		Environ: append([]string{
			"DATABASE_URL=" + s.AppURL, "REDIS_URL=" + s.Redis.URL, "LYCEUM_HOME=" + s.HomeOf(name),
			"LYCEUM_HTTP_ADDR=" + address(port), "LYCEUM_HTTP_ADMIN_ADDR=" + address(adminPort), "LYCEUM_PUBLIC_PORT=" + strconv.Itoa(port),
			"LYCEUM_PUBLIC_SCHEME=http", "LYCEUM_PUBLIC_BASE_DOMAIN=localhost", "LYCEUM_DATABASE_MAX_CONNS=16",
			"LYCEUM_SIGNING_KEYS=bench=literal:0123456789abcdef0123456789abcdef0123456789abcdef",
			"LYCEUM_LIMIT_COST_USER=0", "LYCEUM_LIMIT_COST_ADDRESS=0", "LYCEUM_LIMIT_COST_TENANT=0", "LYCEUM_LOG_LEVEL=warn",
			"LYCEUM_TIMEOUT_UNREADY=0s",
		}, more...),
	}
}

// Index fills the search index with what was seeded, unless it is filled.
func Index(ctx context.Context, r *rig.Rig, conn *pgx.Conn) error {
	var filled bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM search_documents)`).Scan(&filled); err != nil {
		return fmt.Errorf("look for indexed courses: %w", err)
	}
	if filled {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	command := product(r, self, "lyceum", 0, 0)
	reindex := exec.CommandContext(ctx, self, "search", "reindex") //nolint:gosec // this program
	reindex.Env = append(r.Environ(), command.Environ...)
	if out, err := reindex.CombinedOutput(); err != nil {
		return fmt.Errorf("index what was seeded: %w: %s", err, out)
	}
	if _, err := conn.Exec(ctx, `VACUUM (ANALYZE) search_documents, search_words, search_titles`); err != nil {
		return fmt.Errorf("count what was indexed: %w", err)
	}
	return nil
}

func address(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

// answerSize is the size of a catalog page, which the bytes from memory stand for.
const answerSize = 70_000

func writeAnswer(path string) error {
	body := make([]byte, 0, answerSize)
	body = append(body, `{"data":"`...)
	for len(body) < answerSize-2 {
		body = append(body, 'x')
	}
	if err := os.WriteFile(path, append(body, `"}`...), 0o600); err != nil {
		return fmt.Errorf("write the answer from memory: %w", err)
	}
	return nil
}
