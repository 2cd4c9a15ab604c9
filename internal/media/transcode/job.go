package transcode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"lyceum/internal/fault"
)

// Job converts one source.
type Job struct {
	Runner *Runner
	// Dir is the job's own directory, made if it is missing, and kept between attempts: what is finished in it is
	// not done again. Whoever started the job removes it when the files are in their place. The account of the
	// runner must be able to enter it.
	Dir string
	// Source is the local file, ContentType what it was uploaded as. The runner's account is given leave to read
	// it, through its group.
	Source, ContentType string
	// Captions were uploaded beside the source. One takes the place of the source's own in the same language.
	Captions []Caption
	// Progress is called as the work goes on, from one goroutine at a time; nil for nobody.
	Progress func(Progress)
}

// Progress is how far a job is.
type Progress struct {
	// Step is "probe", "rung-v720", "audio-a0", "captions", "poster", "storyboard", "package" or "verify".
	Step string
	// Percent is of the whole job, and never falls within one run.
	Percent int
}

// format is part of every key: a change of what is made from the same source raises it.
const format = 1

// probeResult is what the probe step remembers.
type probeResult struct {
	Source *Source `json:"source"`
	SHA256 string  `json:"sha256"`
}

// task is a step of a job and what it weighs in the progress.
type task struct {
	name   string
	weight float64
	// needs are the steps whose files this one builds on.
	needs []string
	// key is what the step follows from besides.
	key any
	do  func(ctx context.Context, s *stage) (any, error)
}

// run is a job under way.
type run struct {
	*Job

	workspace *workspace
	source    *Source
	ladder    Ladder
	base      string // the key of everything that is the same for all steps
	done      map[string]manifest
	total     float64
	before    float64 // the weight of the steps that are done
	now       task
	shown     int
}

// Run converts the source, or goes on where an earlier run was interrupted, and returns what was made. A
// fault.BadInput is a verdict on the source: trying again would end the same way. A fault.Conflict says that
// another process is at it. Anything else is worth another attempt.
func (j *Job) Run(ctx context.Context) (result *Result, err error) {
	if err := j.Runner.Tools.Usable(); err != nil {
		return nil, err
	}
	w, err := openWorkspace(j.Dir, j.Runner.Account)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	r := &run{Job: j, workspace: w, done: map[string]manifest{}}
	if err := errors.Join(reachable(w.dir, j.Runner.Account), r.lendSource()); err != nil {
		return nil, err
	}
	if err := r.probe(ctx); err != nil {
		return nil, err
	}
	tasks, err := r.tasks()
	if err != nil {
		return nil, err
	}
	if err := r.all(ctx, tasks); err != nil {
		return nil, err
	}
	return r.result()
}

// lendSource lets the account read the source.
func (r *run) lendSource() error {
	file, info, err := open(r.Source)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // Nothing was written.
	account := r.Runner.Account
	if account == nil || info.Mode()&0o004 != 0 {
		return nil
	}
	if err := errors.Join(file.Chown(-1, int(account.GID)), file.Chmod(info.Mode().Perm()|0o040)); err != nil {
		return fmt.Errorf("let user %d read the source: %w", account.UID, err)
	}
	return nil
}

// probe looks at the source, unless this very file was looked at before.
func (r *run) probe(ctx context.Context) error {
	r.total = 1
	info, err := os.Lstat(r.Source)
	if err != nil {
		return fmt.Errorf("look at source: %w", err)
	}
	seen, err := keyOf(format, info.Size(), info.ModTime().UnixNano(), r.ContentType, r.Runner.Tools.Version, r.Runner.Limits)
	if err != nil {
		return err
	}
	r.begin(task{name: "probe"})
	m, err := r.workspace.step(ctx, "probe", seen, func(ctx context.Context, _ *stage) (any, error) {
		source, err := r.Runner.Admit(ctx, r.Source, r.ContentType)
		if err != nil {
			return nil, err
		}
		_, sum, err := digest(ctx, r.Source)
		return probeResult{Source: source, SHA256: sum}, err
	})
	if err != nil {
		return err
	}
	var found probeResult
	if err := json.Unmarshal(m.Data, &found); err != nil {
		return fmt.Errorf("read what the probe found: %w", err)
	}
	r.source, r.ladder = found.Source, Plan(found.Source, r.Runner.Limits)
	r.base, err = keyOf(format, found.SHA256, r.ladder, r.Runner.Tools.Version, r.Runner.Tools.ToneMap, r.Runner.threads(), r.Runner.preset())
	return err
}

// tasks lists the steps after the probe. The smallest picture comes first, so that there is something to see
// early should steps be published one by one.
func (r *run) tasks() ([]task, error) {
	captions, err := parseCaptions(r.Captions)
	if err != nil {
		return nil, err
	}
	seconds := r.ladder.Duration.Seconds()
	var tasks []task
	var all []string
	add := func(t task) {
		tasks = append(tasks, t)
		all = append(all, t.name)
	}
	for _, rung := range r.ladder.Rungs {
		add(task{
			name: "rung-" + rung.Name, key: rung,
			weight: 1 + seconds*rung.Rate.Float()*float64(rung.Width*rung.Height)/2e6,
			do:     func(ctx context.Context, s *stage) (any, error) { return r.makeRung(ctx, s, rung) },
		})
	}
	for _, track := range r.ladder.Audio {
		add(task{
			name: "audio-" + track.Name, key: track, weight: 1 + seconds/4,
			do: func(ctx context.Context, s *stage) (any, error) { return r.makeAudio(ctx, s, track) },
		})
	}
	if len(captions)+len(r.ladder.Texts) > 0 {
		add(task{
			name: "captions", key: captions, weight: 1 + seconds/100,
			do: func(ctx context.Context, s *stage) (any, error) { return r.makeCaptions(ctx, s, captions) },
		})
	}
	if rungs := r.ladder.Rungs; len(rungs) > 0 {
		largest, smallest := rungs[len(rungs)-1], rungs[0]
		add(task{name: "poster", weight: 2, needs: []string{"rung-" + largest.Name}, do: r.makePoster})
		add(task{name: "storyboard", weight: 1 + seconds/20, needs: []string{"rung-" + smallest.Name}, do: r.makeStoryboard})
	}
	add(task{name: "package", weight: 1, needs: slices.Clone(all), do: r.makePackage})
	add(task{name: "verify", weight: 1 + seconds/40, needs: slices.Clone(all), do: r.verify})
	return tasks, nil
}

// all does the steps one after the other.
func (r *run) all(ctx context.Context, tasks []task) error {
	names := []string{"probe"}
	// The probe had its share.
	r.total = 2
	r.before = 2
	for _, t := range tasks {
		names = append(names, t.name)
		r.total += t.weight
	}
	if err := r.workspace.prune(names); err != nil {
		return err
	}
	for _, t := range tasks {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("before step %s: %w", t.name, context.Cause(ctx))
		}
		r.begin(t)
		parts := []any{r.base, t.name, t.key}
		for _, need := range t.needs {
			parts = append(parts, r.done[need].sums())
		}
		key, err := keyOf(parts...)
		if err != nil {
			return err
		}
		m, err := r.workspace.step(ctx, t.name, key, t.do)
		if err != nil {
			return err
		}
		r.done[t.name] = m
		r.before += t.weight
	}
	r.now = task{name: "verify"}
	r.advance(0)
	return nil
}

// begin says that a step begins.
func (r *run) begin(t task) {
	r.now = t
	r.advance(0)
}

// advance says how much of the step is done, from 0 to 1. The last percent is said when everything is.
func (r *run) advance(part float64) {
	if r.Progress == nil {
		return
	}
	share := (r.before + r.now.weight*max(0, min(1, part))) / r.total
	if r.source == nil {
		share = 0
	}
	r.shown = max(r.shown, int(100*share))
	r.Progress(Progress{Step: r.now.name, Percent: min(100, r.shown)})
}

// result reads what the verification kept.
func (r *run) result() (*Result, error) {
	result := &Result{}
	if err := json.Unmarshal(r.done["verify"].Data, result); err != nil {
		return nil, fmt.Errorf("read result: %w", err)
	}
	paths := r.paths()
	for i := range result.Files {
		f := &result.Files[i]
		f.Path = paths[f.Name].Path
	}
	return result, nil
}

// paths are the files of all finished steps, by name.
func (r *run) paths() map[string]File {
	all := map[string]File{}
	for _, m := range r.done {
		for _, f := range m.Files {
			all[f.Name] = f
		}
	}
	return all
}

// ffmpeg runs it in the step's scratch directory and returns the names of what it wrote. args are what stands
// between its general options and the files' names, which the caller chose. It works on so much of a film, and
// fills the part of the step between from and to.
func (r *run) ffmpeg(ctx context.Context, s *stage, args []string, length time.Duration) ([]string, error) {
	if err := s.workspace.lend(s.scratch()); err != nil {
		return nil, err
	}
	threads := strconv.Itoa(r.Runner.threads())
	general := []string{
		"-v", "error", "-hide_banner", "-nostdin", "-y", "-progress", "pipe:1", "-stats_period", "0.5", "-filter_threads", threads,
		"-threads", threads,
	}
	part := 0.0
	watch := &lineWriter{each: func(line string) error {
		if at, ok := parseProgress(line); ok {
			part = float64(at) / float64(max(1, length))
		}
		if line != "progress=continue" {
			return nil
		}
		r.advance(part)
		return within(s.scratch(), r.Runner.Limits.Output)
	}}
	err := r.Runner.run(ctx, process{
		tool: r.Runner.Tools.FFmpeg, args: append(general, args...), dir: s.scratch(), wall: r.Runner.Limits.wall(length), out: watch,
	})
	if err != nil {
		return nil, verdict(err, "The file is damaged, or uses a format that cannot be converted.")
	}
	return s.workspace.reclaim(s.scratch())
}

// newScratch makes an empty scratch directory.
func (s *stage) newScratch() error {
	if err := os.RemoveAll(s.scratch()); err != nil {
		return fmt.Errorf("clear scratch: %w", err)
	}
	return s.workspace.mkdir(s.scratch())
}

// within fails when the directory holds more bytes than that.
func within(dir string, most int64) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("measure output: %w", err)
	}
	var sum int64
	for _, e := range entries {
		if info, err := os.Lstat(filepath.Join(dir, e.Name())); err == nil {
			sum += info.Size()
		}
	}
	if sum > most {
		return errOutput
	}
	return nil
}

// fromSource are the options of an input that is the source itself.
func (r *run) fromSource() ([]string, error) {
	path, err := filepath.Abs(r.Source)
	if err != nil {
		return nil, fmt.Errorf("find source: %w", err)
	}
	return slices.Concat(confined(r.source.Container), input(path)), nil
}

// damaged is a fault of what we made, not of the source: the steps are done again.
func damaged(format string, args ...any) error {
	return fault.New(fault.Unavailable, "The converted file is damaged, and will be made again.").Because(fmt.Errorf(format, args...))
}
