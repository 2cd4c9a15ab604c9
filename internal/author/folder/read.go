package folder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"lyceum/internal/author/course"
	"lyceum/internal/fault"
)

// Folder is a course folder that has been read, with its media at hand.
type Folder struct {
	Contents

	root *os.Root
}

// Read reads the folder at dir. The error is NotFound when there is none, and BadInput with every mistake,
// each with its file and line, when it holds no well-formed course. The caller closes what it returns.
func Read(ctx context.Context, dir string) (*Folder, error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Newf(fault.NotFound, "There is no folder %s.", dir).Because(err)
	}
	if err != nil {
		return nil, fault.Newf(fault.BadInput, "%s cannot be opened as a folder.", dir).Because(err)
	}
	contents, err := ReadFS(ctx, root.FS())
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &Folder{Contents: *contents, root: root}, nil
}

// Open opens a media path.
func (f *Folder) Open(path string) (io.ReadCloser, error) {
	if problem := course.MediaPathProblem(path); problem != "" {
		return nil, fault.New(fault.BadInput, problem)
	}
	file, err := f.root.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open media: %w", err)
	}
	return file, nil
}

// Close lets go of the folder.
func (f *Folder) Close() error {
	if err := f.root.Close(); err != nil {
		return fmt.Errorf("close folder: %w", err)
	}
	return nil
}

// ReadFS reads the folder that fsys is. Symbolic links are refused.
func ReadFS(ctx context.Context, fsys fs.FS) (*Contents, error) {
	r := &reader{fsys: fsys, book: newBook(), course: &course.Course{}}
	if err := r.read(ctx); err != nil {
		return nil, err
	}
	if err := asFault(r.book.mistakes); err != nil {
		return nil, err
	}
	return &Contents{Course: r.course, Media: r.media, Unused: r.unused()}, nil
}

type reader struct {
	fsys   fs.FS
	book   *book
	course *course.Course
	media  []MediaFile
}

// read returns errors that are not the author's: the end of ctx, or a disk that fails.
func (r *reader) read(ctx context.Context) error {
	order, err := r.readCourse()
	if err != nil {
		return err
	}
	if err := r.readModules(ctx, order); err != nil {
		return err
	}
	if err := r.readMedia(ctx); err != nil {
		return err
	}
	r.book.check(r.course)
	r.checkMedia()
	return nil
}

// open reads a file of at most limit bytes. data is nil when there is a mistake, which is told; missing is
// the one for a file that is not there.
func (r *reader) open(name string, limit int64, missing string) (data []byte, err error) {
	info, err := fs.Stat(r.fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		r.book.add(name, 0, "%s", missing)
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		r.book.add(name, 0, "This is not a file.")
		return nil, nil
	}
	file, err := r.fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	data, err = io.ReadAll(io.LimitReader(file, limit+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(data)) > limit {
		r.book.add(name, 0, "The file is larger than %d MB.", limit>>20)
		return nil, nil
	}
	// Some editors put a mark before UTF-8 text.
	return bytes.TrimPrefix(data, []byte("\ufeff")), nil
}

// readCourse reads course.yaml and returns the order of modules that it gives, if any.
func (r *reader) readCourse() ([]entry, error) {
	c := r.course
	c.Level, c.Visibility = course.AllLevels, course.Public
	data, err := r.open(courseFile, MaxYAML, "There is no course.yaml: it holds the course's slug, title and language.")
	if err != nil {
		return nil, err
	}
	o := (&document{book: r.book, file: courseFile}).parse(data, "")
	if o == nil {
		for _, field := range []string{"slug", "title", "language"} {
			r.book.spoiled[field] = true
		}
		return nil, nil
	}
	c.Slug = o.text("slug", "slug")
	c.Title = o.text("title", "title")
	c.Summary = o.text("summary", "summary")
	c.Description = o.block("description", "description")
	c.Language = o.text("language", "language")
	c.Level = oneOf(o, "level", "level", levels(), course.AllLevels)
	c.Visibility = oneOf(o, "visibility", "visibility", visibilities(), course.Public)
	c.Categories = o.lines("categories", "categories")
	c.Tags = o.lines("tags", "tags")
	c.Price = o.price()
	c.Certificate = o.boolean("certificate", "certificate", true)
	c.CertificateMonths = o.integer("certificate-months", "certificateMonths", 0)
	c.Prerequisites = o.lines("prerequisites", "prerequisites")
	c.Completion = o.completion()
	order := o.order("modules")
	o.done()
	return order, nil
}

func levels() []course.Level {
	return []course.Level{course.Beginner, course.Intermediate, course.Advanced, course.AllLevels}
}

func visibilities() []course.Visibility {
	return []course.Visibility{course.Public, course.Members, course.Unlisted}
}

func (r *reader) readModules(ctx context.Context, order []entry) error {
	entries, err := r.list(".")
	if err != nil {
		return err
	}
	var names []string
	for _, e := range entries {
		switch {
		case e.IsDir() && e.Name() != course.MediaDir:
			names = append(names, e.Name())
		case !e.IsDir() && !isCourseFile(e.Name()):
			r.book.add(e.Name(), 0, "This file does not belong to the course.%s", didYouMean(e.Name(), []string{courseFile}))
		}
	}
	for _, name := range r.inOrder("", courseFile, "modules", names, order) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.readModule(name); err != nil {
			return err
		}
	}
	return nil
}

// isCourseFile tells whether a file may stand beside the modules.
func isCourseFile(name string) bool {
	upper := strings.ToUpper(name)
	return name == courseFile || strings.HasPrefix(upper, "README") || strings.HasPrefix(upper, "LICENSE") ||
		strings.HasPrefix(name, "import-report.")
}

// list returns the entries of a directory without hidden ones, and tells of links and devices.
func (r *reader) list(dir string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(r.fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		if strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(e.Name(), "~") {
			return true
		}
		if e.IsDir() || e.Type().IsRegular() {
			return false
		}
		r.book.add(join(dir, e.Name()), 0, "Links and special files are not followed: put the file itself here.")
		return true
	}), nil
}

func join(dir, name string) string {
	if dir == "." || dir == "" {
		return name
	}
	return dir + "/" + name
}

// readModule reads a module's directory.
func (r *reader) readModule(dir string) error {
	index := len(r.course.Modules)
	path := fmt.Sprintf("modules.%d", index)
	file := join(dir, moduleFile)
	m := course.Module{Key: keyOf(dir)}
	r.book.places[path] = spot{file: file}
	data, err := r.open(file, MaxYAML, "There is no module.yaml: it holds the module's title.")
	if err != nil {
		return err
	}
	var order []entry
	o := (&document{book: r.book, file: file}).parse(data, path)
	if o == nil {
		// Its lessons can be told from it all the same.
		r.book.spoiled[path+".title"] = true
	} else {
		m.Key = cmpOr(o.text("key", "key"), m.Key)
		m.Title = o.text("title", "title")
		m.Summary = o.block("summary", "summary")
		m.Completion = o.completion()
		order = o.order("lessons")
		o.done()
	}
	r.course.Modules = append(r.course.Modules, m)
	return r.readLessons(dir, index, order)
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (r *reader) readLessons(dir string, module int, order []entry) error {
	entries, err := r.list(dir)
	if err != nil {
		return err
	}
	var names []string
	for _, e := range entries {
		switch {
		case e.Name() == moduleFile, strings.HasPrefix(strings.ToUpper(e.Name()), "README"):
		case e.IsDir():
			r.book.add(join(dir, e.Name()), 0, "A module holds lesson files, no folders. Files that lessons show stand in media.")
		case !strings.HasSuffix(e.Name(), ".md") && !strings.HasSuffix(e.Name(), ".yaml"):
			r.book.add(join(dir, e.Name()), 0, "A lesson is a .md file (an article) or a .yaml file (a video, quiz, file or link).")
		default:
			names = append(names, e.Name())
		}
	}
	for _, name := range r.inOrder(dir, join(dir, moduleFile), "lessons", names, order) {
		path := fmt.Sprintf("modules.%d.lessons.%d", module, len(r.course.Modules[module].Lessons))
		l, err := r.readLesson(join(dir, name), path)
		if err != nil {
			return err
		}
		r.course.Modules[module].Lessons = append(r.course.Modules[module].Lessons, l)
	}
	return nil
}

// readMedia lists what stands below media.
func (r *reader) readMedia(ctx context.Context) error {
	folded := map[string]string{}
	err := fs.WalkDir(r.fsys, course.MediaDir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == course.MediaDir {
			return nil
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if strings.HasPrefix(e.Name(), ".") {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if e.IsDir() {
			return nil
		}
		return r.addMedia(path, e, folded)
	})
	if err != nil {
		return fmt.Errorf("list media: %w", err)
	}
	if len(r.media) > MaxFiles {
		r.book.add(course.MediaDir, 0, "There are %d files, and at most %d are allowed.", len(r.media), MaxFiles)
	}
	return nil
}

func (r *reader) addMedia(path string, e fs.DirEntry, folded map[string]string) error {
	if !e.Type().IsRegular() {
		r.book.add(path, 0, "Links and special files are not followed: put the file itself here.")
		return nil
	}
	info, err := e.Info()
	if err != nil {
		return fmt.Errorf("look at %s: %w", path, err)
	}
	if problem := course.MediaPathProblem(path); problem != "" {
		r.book.add(path, 0, "%s", problem)
		return nil
	}
	if info.Size() > MaxMedia {
		r.book.add(path, 0, "The file is larger than %d GB.", MaxMedia>>30)
	}
	if other, taken := folded[strings.ToLower(path)]; taken {
		r.book.add(path, 0, "This name differs from %s only in capitals, which not every system tells apart.", quoted(other))
	}
	folded[strings.ToLower(path)] = path
	r.media = append(r.media, MediaFile{Path: path, Size: info.Size()})
	return nil
}

// checkMedia tells of files that lessons name and that are not there.
func (r *reader) checkMedia() {
	there := map[string]bool{}
	names := make([]string, 0, len(r.media))
	for _, m := range r.media {
		there[m.Path] = true
		names = append(names, m.Path)
	}
	for _, use := range r.course.MediaUses() {
		if there[use.File] || course.MediaPathProblem(use.File) != "" {
			continue
		}
		message := fmt.Sprintf("There is no file %s.%s", quoted(use.File), didYouMean(use.File, names))
		r.book.tell(use.Path, r.book.lineOf(use.Path, use.Text, use.Offset), message)
	}
}

func (r *reader) unused() []string {
	var unused []string
	used := r.course.MediaPaths()
	for _, m := range r.media {
		if _, found := slices.BinarySearch(used, m.Path); !found {
			unused = append(unused, m.Path)
		}
	}
	return unused
}
