package local

import "path/filepath"

// WorkDir returns a directory of that name for files that do not last, made if it is missing: under home or, when this
// process is root and home is shut to the first of the named users that the machine knows, outside of it. It can be
// passed through by them.
func WorkDir(home, name string, users ...string) (string, error) {
	home, err := MakeHome(home)
	if err != nil {
		return "", err
	}
	user, err := unprivileged(users...)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(home, name)
	if !user.reaches(home) {
		if dir, err = (&site{home: home, name: name}).outside(); err != nil {
			return "", err
		}
	}
	return dir, makeOpen(dir)
}
