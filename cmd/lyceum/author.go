package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"lyceum/internal/author/folder"
	"lyceum/internal/author/olx"
	"lyceum/internal/author/push"
	"lyceum/internal/fault"
)

// tokenVariable and serverVariable stand in for a sign-in, for scripts.
const (
	tokenVariable  = "LYCEUM_TOKEN" //nolint:gosec // the name of a variable
	serverVariable = "LYCEUM_SERVER"
)

func newAuthor() *cobra.Command {
	command := &cobra.Command{
		Use:   "author",
		Short: "Write courses as folders and put them online",
		Example: strings.Join([]string{
			"  lyceum author login http://acme.localhost:8080 instructor@acme.example",
			"  lyceum author init knots --title='Knots for sailors'",
			"  lyceum author push knots --publish",
			"  lyceum author import course.tar.gz imported",
		}, "\n"),
	}
	command.AddCommand(newLogin(), newInit(), newPush(), newPull(), newDiff(), newPublish(), newImport())
	return command
}

// login is what `login` keeps for the other commands.
type login struct {
	Server    string    `json:"server"`
	Token     string    `json:"token"`
	Email     string    `json:"email"`
	ExpiresAt time.Time `json:"expires_at"`
}

func loginFile() (string, error) {
	config, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find a place for the login: %w", err)
	}
	return filepath.Join(config, "lyceum", "login.json"), nil
}

// client returns a client of the server that the author signed in at.
func client() (*push.Client, error) {
	if token := os.Getenv(tokenVariable); token != "" {
		server := os.Getenv(serverVariable)
		if server == "" {
			return nil, fault.Newf(fault.BadInput, "Set %s to the server's address, too.", serverVariable)
		}
		return push.NewClient(server, token, nil), nil
	}
	path, err := loginFile()
	if err != nil {
		return nil, err
	}
	body, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Unauthenticated, "Sign in first: lyceum author login SERVER EMAIL.")
	} else if err != nil {
		return nil, fmt.Errorf("read login: %w", err)
	}
	var kept login
	if err := json.Unmarshal(body, &kept); err != nil {
		return nil, fault.New(fault.Unauthenticated, "The kept login is damaged; sign in again.").Because(err)
	}
	return push.NewClient(kept.Server, kept.Token, nil), nil
}

func newLogin() *cobra.Command {
	command := &cobra.Command{
		Use:   "login SERVER EMAIL",
		Short: "Sign in at a server; the password is asked for, or read from LYCEUM_PASSWORD",
		Args:  cobra.ExactArgs(2),
		Example: "  lyceum author login http://acme.localhost:8080 instructor@acme.example\n" +
			"  lyceum author login http://localhost:8080 instructor@globex.example --tenant=globex",
	}
	tenant := command.Flags().String("tenant", "", "the tenant, on a host that names none")
	command.RunE = func(command *cobra.Command, args []string) error {
		password, err := askPassword(command)
		if err != nil {
			return err
		}
		opened, err := push.NewClient(args[0], "", nil).SignIn(command.Context(), args[1], password, *tenant)
		if err != nil {
			return err
		}
		if err := keepLogin(login{Server: args[0], Token: opened.Token, Email: args[1], ExpiresAt: opened.ExpiresAt}); err != nil {
			return err
		}
		command.Printf("Signed in at %s as %s (%s).\n", opened.Tenant, opened.Name, opened.Role)
		return nil
	}
	return command
}

func askPassword(command *cobra.Command) (string, error) {
	if password := os.Getenv("LYCEUM_PASSWORD"); password != "" {
		return password, nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return "", fault.New(fault.BadInput, "There is no terminal to ask for the password at; set LYCEUM_PASSWORD.")
	}
	command.PrintErr("Password: ")
	password, err := term.ReadPassword(int(os.Stdin.Fd()))
	command.PrintErrln()
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	return string(password), nil
}

func keepLogin(l login) error {
	path, err := loginFile()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keep login: %w", err)
	}
	body, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return fmt.Errorf("keep login: %w", err)
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		return fmt.Errorf("keep login: %w", err)
	}
	return nil
}

func newInit() *cobra.Command {
	command := &cobra.Command{
		Use: "init DIR", Short: "Begin a course: a folder with a small example to change", Args: cobra.ExactArgs(1),
	}
	title := command.Flags().String("title", "My course", "title of the course")
	language := command.Flags().String("language", "en", "language of the course (BCP 47)")
	command.RunE = func(command *cobra.Command, args []string) error {
		if err := folder.Init(command.Context(), args[0], *title, *language); err != nil {
			return err
		}
		command.Printf("A course is in %s. Change it, then: lyceum author push %s --publish\n", args[0], args[0])
		return nil
	}
	return command
}

// withFolder reads a course folder and calls fn with it and a client.
func withFolder(ctx context.Context, dir string, fn func(c *push.Client, f *folder.Folder) error) (err error) {
	f, err := folder.Read(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	c, err := client()
	if err != nil {
		return err
	}
	return fn(c, f)
}

func newPush() *cobra.Command {
	command := &cobra.Command{
		Use: "push DIR", Short: "Make the draft on the server equal to the folder", Args: cobra.ExactArgs(1),
		Long: "Sends what has changed: files first, then the course, its modules and lessons, then their order. What the\n" +
			"folder does not have is removed from the draft. Learners see nothing of it before it is published.",
		Example: "  lyceum author push knots\n  lyceum author push knots --publish --note='Better pictures'",
	}
	publish := command.Flags().Bool("publish", false, "publish afterwards")
	note := command.Flags().String("note", "", "what changed, for colleagues")
	command.RunE = func(command *cobra.Command, args []string) error {
		return withFolder(command.Context(), args[0], func(c *push.Client, f *folder.Folder) error {
			bars := newProgress(command.Context())
			report, err := c.Push(command.Context(), f, bars)
			bars.Wait()
			if err != nil {
				return err
			}
			command.Printf("%d changes sent.\n", len(report.Changes))
			if !*publish {
				return nil
			}
			return publishCourse(command, c, f.Course.Slug, *note)
		})
	}
	return command
}

func publishCourse(command *cobra.Command, c *push.Client, slug, note string) error {
	published, err := c.Publish(command.Context(), slug, note)
	if err != nil {
		return err
	}
	if !published.Created {
		command.Printf("Version %d is in force already; nothing has changed since.\n", published.Number)
		return nil
	}
	command.Printf("Version %d is in force, with %d lessons.\n", published.Number, published.Lessons)
	return nil
}

func newPull() *cobra.Command {
	return &cobra.Command{
		Use: "pull SLUG DIR", Short: "Write the draft on the server into a new folder", Args: cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, args []string) error {
			c, err := client()
			if err != nil {
				return err
			}
			pulled, err := c.Pull(command.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			command.Printf("“%s” is in %s.\n", pulled.Title, args[1])
			return nil
		},
	}
}

func newDiff() *cobra.Command {
	return &cobra.Command{
		Use: "diff DIR", Short: "List what a push would send", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return withFolder(command.Context(), args[0], func(c *push.Client, f *folder.Folder) error {
				changes, err := c.Diff(command.Context(), f.Course, f)
				if err != nil {
					return err
				}
				for _, change := range changes {
					command.Println(change)
				}
				if len(changes) == 0 {
					command.Println("The folder and the draft are equal.")
				}
				return nil
			})
		},
	}
}

func newPublish() *cobra.Command {
	command := &cobra.Command{
		Use: "publish SLUG", Short: "Make a version of the draft and put it in force", Args: cobra.ExactArgs(1),
	}
	note := command.Flags().String("note", "", "what changed, for colleagues")
	command.RunE = func(command *cobra.Command, args []string) error {
		c, err := client()
		if err != nil {
			return err
		}
		return publishCourse(command, c, args[0], *note)
	}
	return command
}

func newImport() *cobra.Command {
	command := &cobra.Command{
		Use:   "import SOURCE DIR",
		Short: "Turn an Open edX export (OLX, .tar.gz or folder) into a course folder",
		Long: "Reads chapters, sequences, units, texts, videos with transcripts and problems, and writes a course folder.\n" +
			"What it cannot carry is listed, with its place, in import-report.md beside the course.",
		Args:    cobra.ExactArgs(2),
		Example: "  lyceum author import course.tar.gz imported && lyceum author push imported --publish",
	}
	command.RunE = func(command *cobra.Command, args []string) error {
		report, err := olx.ToFolder(command.Context(), args[0], args[1], olx.DefaultLimits())
		if err != nil {
			return err
		}
		t := report.Totals
		command.Printf("%d modules, %d lessons, %d questions and %d files are in %s.\n",
			t.Modules, sum(t.Lessons), sum(t.Questions), t.Media, args[1])
		command.Printf("%d things did not come along whole; the report beside the course lists each with its place.\n", len(report.Losses()))
		return nil
	}
	return command
}

func sum[K comparable](counts map[K]int) int {
	n := 0
	for _, count := range counts {
		n += count
	}
	return n
}
