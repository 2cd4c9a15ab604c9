package tenancy

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/fault"
	"lyceum/internal/gen/ent"
	"lyceum/internal/gen/ent/session"
	"lyceum/internal/gen/ent/user"
	"lyceum/internal/platform/auth"
	"lyceum/internal/platform/page"
	"lyceum/internal/platform/pg"
	"lyceum/internal/policy"
	"lyceum/internal/viewer"
)

// NewUser is what a person is added with.
type NewUser struct {
	Email, Name string
	Role        viewer.Role
	Password    string
}

func (n NewUser) check() error {
	var c fault.Collector
	c.Check(validEmail(n.Email), "email", "An address looks like name@example.com and has at most 254 characters.")
	c.Check(strings.TrimSpace(n.Name) != "" && len(n.Name) <= 200, "name", "A name is 1 to 200 characters.")
	c.Check(grantable(n.Role), "role", "Roles are LEARNER, INSTRUCTOR, TENANT_ADMIN and SUPPORT.")
	if err := c.Err(); err != nil {
		return err
	}
	return auth.CheckPassword("password", n.Password)
}

func validEmail(email string) bool {
	parsed, err := mail.ParseAddress(email)
	return err == nil && parsed.Address == email && len(email) <= 254
}

func grantable(role viewer.Role) bool {
	for _, known := range viewer.Role("").Values() {
		if string(role) == known {
			return true
		}
	}
	return false
}

// CreateUser adds a person to the tenant.
func (s *Service) CreateUser(ctx context.Context, n NewUser) (*ent.User, error) {
	if err := policy.Require(ctx, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	n.Email = normalEmail(n.Email)
	if err := n.check(); err != nil {
		return nil, err
	}
	hash, err := s.Hasher.Hash(ctx, n.Password)
	if err != nil {
		return nil, fmt.Errorf("hash password: %w", err)
	}
	var made *ent.User
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		made, err = tx.User.Create().
			SetEmail(n.Email).SetName(strings.TrimSpace(n.Name)).SetRole(n.Role).SetPasswordHash(hash).
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

// ChangeRole gives a person another role; their sessions go on in it. Admins do not change their own, so
// that a tenant keeps one.
func (s *Service) ChangeRole(ctx context.Context, id uuid.UUID, role viewer.Role) (*ent.User, error) {
	if !grantable(role) {
		return nil, fault.Invalid("role", "Roles are LEARNER, INSTRUCTOR, TENANT_ADMIN and SUPPORT.")
	}
	return s.changeOther(ctx, id, "user.role_changed", map[string]string{"role": string(role)},
		func(update *ent.UserUpdateOne) { update.SetRole(role) })
}

// Suspend keeps a person out: their sessions end and new ones are refused.
func (s *Service) Suspend(ctx context.Context, id uuid.UUID) (*ent.User, error) {
	return s.changeOther(ctx, id, "user.suspended", nil,
		func(update *ent.UserUpdateOne) { update.SetStatus(user.StatusSUSPENDED) })
}

// Reinstate lets a suspended person in again.
func (s *Service) Reinstate(ctx context.Context, id uuid.UUID) (*ent.User, error) {
	return s.changeOther(ctx, id, "user.reinstated", nil,
		func(update *ent.UserUpdateOne) { update.SetStatus(user.StatusACTIVE) })
}

// changeOther changes somebody else than the viewer, and says so in the audit log.
func (s *Service) changeOther(
	ctx context.Context, id uuid.UUID, action string, data map[string]string, change func(*ent.UserUpdateOne),
) (*ent.User, error) {
	if err := policy.Require(ctx, viewer.TenantAdmin); err != nil {
		return nil, err
	}
	if v, _ := viewer.From(ctx); v.User == id {
		return nil, fault.New(fault.Conflict, "Ask another admin to change your own account.")
	}
	var changed *ent.User
	err := s.DB.Tx(ctx, func(tx *pg.Tx) error {
		var err error
		update := tx.User.UpdateOneID(id)
		change(update)
		changed, err = update.Save(ctx)
		if ent.IsNotFound(err) {
			return fault.New(fault.NotFound, "There is no such user.")
		} else if err != nil {
			return fmt.Errorf("change user: %w", err)
		}
		if changed.Status == user.StatusSUSPENDED {
			if err := endSessions(ctx, tx, id); err != nil {
				return err
			}
		}
		return tx.Record(ctx, pg.Entry{Action: action, Subject: changed.GlobalID().String(), Data: data})
	})
	return changed, err
}

// endSessions ends all sessions of a user. They are the user's own rows, so the one statement that ends
// them for an admin sees the whole tenant's.
func endSessions(ctx context.Context, tx *pg.Tx, id uuid.UUID) error {
	err := tx.Session.Update().
		Where(session.UserID(id), session.RevokedAtIsNil()).
		SetRevokedAt(time.Now()).
		Exec(viewer.WholeTenant(ctx))
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// ChangePassword sets the viewer's password and ends all other sessions. It returns how many ended.
func (s *Service) ChangePassword(ctx context.Context, current, next string) (int, error) {
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
	if err := s.checkPassword(ctx, self, current); err != nil {
		return 0, fault.Invalid("current", "This is not your password.").Because(err)
	}
	hash, err := s.Hasher.Hash(ctx, next)
	if err != nil {
		return 0, fmt.Errorf("hash password: %w", err)
	}
	revoked := 0
	err = s.DB.Tx(ctx, func(tx *pg.Tx) error {
		if err := tx.User.UpdateOneID(v.User).SetPasswordHash(hash).Exec(ctx); err != nil {
			return fmt.Errorf("keep password: %w", err)
		}
		revoked, err = tx.Session.Update().
			Where(session.UserID(v.User), session.IDNEQ(v.Session), session.RevokedAtIsNil()).
			SetRevokedAt(time.Now()).
			Save(ctx)
		if err != nil {
			return fmt.Errorf("end other sessions: %w", err)
		}
		return tx.Record(ctx, pg.Entry{Action: "user.password_changed", Subject: self.GlobalID().String()})
	})
	return revoked, err
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

// Users returns a page of the tenant's people by name.
func (s *Service) Users(ctx context.Context, r page.Request, f UserFilter) (page.Page[*ent.User], error) {
	order := "users by name " + string(f.Role) + " " + f.Search
	query := s.DB.User.Query().Order(user.ByName(), user.ByID()).Limit(r.Limit())
	if f.Role != "" {
		query = query.Where(user.RoleEQ(f.Role))
	}
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
