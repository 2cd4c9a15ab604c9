package demo

import (
	"context"
	"fmt"

	"lyceum/internal/gen/ent/group"
	"lyceum/internal/gen/ent/user"
)

// team is a group of people of a demo tenant.
type team struct {
	key, name string
	// mailboxes are those of its members.
	mailboxes []string
}

// lookForGroup notes the group that was never made. One that was, and has been changed since, is somebody's decision.
func (r *room) lookForGroup(ctx context.Context) error {
	there, err := r.DB.Group.Query().Where(group.Key(r.team.key)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for group: %w", err)
	}
	r.groupless = !there
	return nil
}

// gather makes the group as the tenant's admin would.
func (r *room) gather(ctx context.Context) error {
	if !r.groupless {
		return nil
	}
	admin, err := r.as(ctx, Admin)
	if err != nil {
		return err
	}
	var saved struct {
		SaveGroup struct{ Group struct{ ID string } }
	}
	if err := admin.run(ctx, r.documents.Text("save-group"), map[string]any{"key": r.team.key, "name": r.team.name}, &saved); err != nil {
		return fmt.Errorf("save group: %w", err)
	}
	var members []string
	for _, mailbox := range r.team.mailboxes {
		found, err := r.DB.User.Query().Where(user.Email(r.Email(mailbox))).Only(r.operator(ctx))
		if err != nil {
			return fmt.Errorf("find %s: %w", mailbox, err)
		}
		members = append(members, found.GlobalID().String())
	}
	joining := map[string]any{"groupId": saved.SaveGroup.Group.ID, "userIds": members}
	if err := admin.run(ctx, r.documents.Text("add-group-members"), joining, &struct{}{}); err != nil {
		return fmt.Errorf("add members: %w", err)
	}
	r.Log.InfoContext(ctx, "demo group made", "tenant", r.Slug, "group", r.team.key)
	return nil
}
