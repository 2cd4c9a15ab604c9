package tenancy

import (
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/session"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/auth"
	"lyceum/internal/platform/input"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

const (
	// maxEmail is the longest address of mail, in bytes (RFC 5321 §4.5.3.1.3, without the brackets).
	maxEmail = 254
	// maxName is the longest name of a person, company or school, in characters.
	maxName = 200
	// maxSearch is the longest text to search people by, in bytes.
	maxSearch = 200
)

// NewUser is what a person is added with.
type NewUser struct {
	Email, Name string
	Role        viewer.Role
	Password    string
}

// clean returns the person as kept, and what is wrong with it.
func (n NewUser) clean() (NewUser, error) {
	n.Email, n.Name = normalEmail(n.Email), strings.TrimSpace(n.Name)
	var c input.Checker
	c.Check(validEmail(n.Email), "email", "An address looks like name@example.com and has at most 254 characters.")
	c.Line("name", n.Name, 1, maxName)
	c.Check(grantable(n.Role), "role", "Roles are LEARNER, INSTRUCTOR, TENANT_ADMIN and SUPPORT.")
	if err := c.Err(); err != nil {
		return NewUser{}, err
	}
	return n, auth.CheckPassword("password", n.Password)
}

// validEmail says whether an address can be kept: it may stand in a header as it is, where a character that is not
// printed (U+0096 is one, and net/mail lets it pass) could end a line for some reader.
func validEmail(email string) bool {
	unprinted := func(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) }
	if len(email) > maxEmail || strings.ContainsFunc(email, unprinted) {
		return false
	}
	parsed, err := mail.ParseAddress(email)
	return err == nil && parsed.Address == email
}

func grantable(role viewer.Role) bool { return slices.Contains(role.Values(), string(role)) }

// CreateUser adds a person to the tenant.
func (s *Service) CreateUser(ctx context.Context, n NewUser) (*ent.User, error) {
	if err := policy.Require(ctx, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	n, err := n.clean()
	if err != nil {
		return nil, err
	}
	hash, err := s.Hasher.Hash(ctx, n.Password)
	if err != nil {
		return nil, fmt.Errorf("hash password: %w", err)
	}
	var made *ent.User
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		made, err = tx.User.Create().
			SetEmail(n.Email).SetName(n.Name).SetRole(n.Role).SetPasswordHash(hash).
			Save(ctx)
		if ent.IsConstraintError(err) {
			return fault.New(fault.Conflict, "Somebody with this address is here already.").Because(err)
		} else if err != nil {
			return fmt.Errorf("keep user: %w", err)
		}
		return tx.Record(ctx, pg.Entry{
			Action: "user.created", Subject: made.GlobalID().String(), Data: map[string]string{"role": string(n.Role)},
		})
	})
	if err != nil {
		return nil, fmt.Errorf("create user: %w", err)
	}
	return made, nil
}

// ChangeRole gives a person another role; their sessions go on in it, and so do their API keys, but for those of who
// becomes support: no grant reaches a key. Admins do not change their own, so that a tenant keeps one.
func (s *Service) ChangeRole(ctx context.Context, id uuid.UUID, role viewer.Role) (*ent.User, error) {
	if !grantable(role) {
		return nil, fault.Invalid("role", "Roles are LEARNER, INSTRUCTOR, TENANT_ADMIN and SUPPORT.")
	}
	return s.changeOther(ctx, id, change{
		action: "user.role_changed", data: map[string]string{"role": string(role)},
		done: func(u *ent.User) bool { return u.Role == role },
		do:   func(update *ent.UserUpdateOne) { update.SetRole(role) },
	})
}

// Suspend keeps a person out: their sessions end and new ones are refused.
func (s *Service) Suspend(ctx context.Context, id uuid.UUID) (*ent.User, error) {
	return s.changeOther(ctx, id, change{
		action: "user.suspended",
		done:   func(u *ent.User) bool { return u.Status == user.StatusSUSPENDED },
		do:     func(update *ent.UserUpdateOne) { update.SetStatus(user.StatusSUSPENDED) },
	})
}

// Reinstate lets a suspended person in again.
func (s *Service) Reinstate(ctx context.Context, id uuid.UUID) (*ent.User, error) {
	return s.changeOther(ctx, id, change{
		action: "user.reinstated",
		done:   func(u *ent.User) bool { return u.Status == user.StatusACTIVE },
		do:     func(update *ent.UserUpdateOne) { update.SetStatus(user.StatusACTIVE) },
	})
}

// change is what an admin does to somebody's account.
type change struct {
	// action and data are what the audit log says.
	action string
	data   map[string]string
	// done reports that there is nothing to do.
	done func(*ent.User) bool
	do   func(*ent.UserUpdateOne)
}

// changeOther changes somebody else than the viewer, and says so in the audit log. Changing what is so already
// changes nothing.
func (s *Service) changeOther(ctx context.Context, id uuid.UUID, c change) (*ent.User, error) {
	if err := policy.Require(ctx, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	if v, _ := viewer.From(ctx); v.User == id {
		return nil, fault.New(fault.Conflict, "Ask another admin to change your own account.")
	}
	var changed *ent.User
	err := s.changeRights(ctx, func(tx *pg.Tx) error {
		var err error
		changed, err = lockOther(ctx, tx, id)
		if err != nil || c.done(changed) {
			return err
		}
		update := tx.User.UpdateOne(changed)
		c.do(update)
		if changed, err = update.Save(ctx); err != nil {
			return fmt.Errorf("change user: %w", err)
		}
		if changed.Status == user.StatusSUSPENDED {
			if _, err := endSessions(ctx, tx, id); err != nil {
				return err
			}
		}
		if changed.Role == viewer.Support {
			if err := endKeys(ctx, tx, id); err != nil {
				return err
			}
		}
		return tx.Record(ctx, pg.Entry{Action: c.action, Subject: changed.GlobalID().String(), Data: c.data})
	})
	return changed, err
}

// lockOther locks the person and the viewer, in an order that all keep, and makes sure that the viewer still is
// an admin: of two who take each other's role at the same time one does, and the tenant keeps an admin.
func lockOther(ctx context.Context, tx *pg.Tx, id uuid.UUID) (*ent.User, error) {
	v, _ := viewer.From(ctx)
	locked, err := tx.User.Query().Where(user.IDIn(id, v.User)).Order(user.ByID()).ForUpdate().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock users: %w", err)
	}
	var other *ent.User
	for _, u := range locked {
		if u.ID == id {
			other = u
		} else if u.Role != viewer.TenantAdmin || u.Status != user.StatusACTIVE {
			return nil, fault.New(fault.Forbidden, "Your role does not allow this.")
		}
	}
	if other == nil {
		return nil, fault.New(fault.NotFound, "There is no such user.")
	}
	return other, nil
}

// ChangePassword sets the viewer's password and ends all other sessions; API keys, which have secrets of their own,
// go on. It returns how many ended. A wrong current password counts as a try to sign in. Of two changes at once the
// later is a Conflict.
func (s *Service) ChangePassword(ctx context.Context, current, next string, from Origin) (int, error) {
	v, err := s.inSession(ctx)
	if err != nil {
		return 0, err
	}
	if err := auth.CheckPassword("new", next); err != nil {
		return 0, err
	}
	ctx = viewer.With(ctx, viewer.Job(v.Tenant, "change password"))
	self, err := s.DB.User.Get(ctx, v.User)
	if err != nil {
		return 0, fmt.Errorf("find user: %w", err)
	}
	if err := s.Limiter.SignIn(ctx, v.Tenant, self.Email, from.Network()); err != nil {
		return 0, err
	}
	switch right, err := s.matches(ctx, self, current); {
	case err != nil:
		return 0, err
	case !right:
		return 0, fault.Invalid("current", "This is not your password.")
	}
	hash, err := s.Hasher.Hash(ctx, next)
	if err != nil {
		return 0, fmt.Errorf("hash password: %w", err)
	}
	ended := 0
	err = s.changeRights(ctx, func(tx *pg.Tx) error {
		// self has a password, since it matched.
		err := tx.User.UpdateOneID(v.User).Where(user.PasswordHash(*self.PasswordHash)).SetPasswordHash(hash).Exec(ctx)
		if ent.IsNotFound(err) {
			return fault.New(fault.Conflict, "Your password was changed a moment ago.")
		} else if err != nil {
			return fmt.Errorf("keep password: %w", err)
		}
		if ended, err = endSessions(ctx, tx, v.User, session.IDNEQ(v.Session)); err != nil {
			return err
		}
		return tx.Record(ctx, pg.Entry{Action: "user.password_changed", Subject: self.GlobalID().String()})
	})
	return ended, err
}

// Self returns the person the viewer is.
func (s *Service) Self(ctx context.Context) (*ent.User, error) {
	v, err := policy.Signed(ctx)
	if err != nil {
		return nil, err
	}
	self, err := s.DB.User.Get(ctx, v.User)
	if err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	return self, nil
}

// UserFilter narrows the list of people. Zero fields do not narrow.
type UserFilter struct {
	// Search is part of a name or address.
	Search string
	Role   viewer.Role
}

// Users returns a page of the tenant's people by name. Support gets them by age and cannot look for words,
// because order and matches would tell the names and addresses that are masked for it.
func (s *Service) Users(ctx context.Context, r page.Request, f UserFilter) (page.Page[*ent.User], error) {
	if err := policy.Require(ctx, viewer.Instructor, viewer.TenantAdmin, viewer.Support); err != nil {
		return page.Page[*ent.User]{}, err
	}
	if len(f.Search) > maxSearch {
		return page.Page[*ent.User]{}, fault.Invalid("filter.search", "Search for at most 200 bytes of text.")
	}
	query := s.DB.User.Query().Limit(r.Limit())
	if f.Role != "" {
		query = query.Where(user.RoleEQ(f.Role))
	}
	if v, _ := viewer.From(ctx); v.Is(viewer.Support) {
		return usersByAge(ctx, query, r, f)
	}
	order := "users by name " + string(f.Role) + " " + f.Search
	query = query.Order(user.ByName(), user.ByID())
	if f.Search != "" {
		query = query.Where(user.Or(user.NameContainsFold(f.Search), user.EmailContainsFold(f.Search)))
	}
	var (
		name string
		id   uuid.UUID
	)
	if behind, err := r.Position(order, &name, &id); err != nil {
		return page.Page[*ent.User]{}, err
	} else if behind {
		query = query.Where(user.Or(user.NameGT(name), user.And(user.Name(name), user.IDGT(id))))
	}
	rows, err := query.All(ctx)
	if err != nil {
		return page.Page[*ent.User]{}, fmt.Errorf("list users: %w", err)
	}
	return page.Of(rows, r, order, func(u *ent.User) []any { return []any{u.Name, u.ID} }), nil
}

// usersByAge is the page for those from whom names are kept.
func usersByAge(ctx context.Context, query *ent.UserQuery, r page.Request, f UserFilter) (page.Page[*ent.User], error) {
	if f.Search != "" {
		return page.Page[*ent.User]{}, fault.New(fault.Forbidden, "Support does not look for people by name or address.")
	}
	order := "users by age " + string(f.Role)
	found, err := page.ByID(ctx, r, order, query.Order(user.ByID()).All,
		func(last uuid.UUID) { query.Where(user.IDGT(last)) }, func(u *ent.User) uuid.UUID { return u.ID })
	if err != nil {
		return page.Page[*ent.User]{}, fmt.Errorf("list users: %w", err)
	}
	return found, nil
}
