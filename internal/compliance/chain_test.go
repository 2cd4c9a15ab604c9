package compliance

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/uuid"

	"lyceum/internal/gen/ent"
)

func first() *ent.AuditEntry {
	return &ent.AuditEntry{
		TenantID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057"), Seq: 1, At: time.UnixMicro(1_700_000_000_123_456),
		Actor: "usr_01h455vb4pex5vsknk084sn02q", Role: "TENANT_ADMIN", Action: "course.published",
		Subject: "crs_01h455vb4pex5vsknk084sn02q", Data: map[string]string{"role": "LEARNER", "course": "Einführung"},
		RequestID: "req-1", Previous: genesis(),
	}
}

// TestDigestNeverChanges holds the hash against values that another program computed from its description:
// chains of years ago must verify.
func TestDigestNeverChanges(t *testing.T) {
	t.Parallel()
	one := first()
	one.Hash = digest(one)
	two := &ent.AuditEntry{
		TenantID: one.TenantID, Seq: 2, At: one.At.Add(time.Microsecond), Actor: "lyceum tenant create", Role: "SYSTEM",
		Action: "tenant.created", Subject: "tnt_01h455vb4pex5vsknk084sn02q", Previous: one.Hash,
	}
	for want, e := range map[string]*ent.AuditEntry{
		"0cd4fb456086d66410e9329a3095b526986a94db51cd9c08b65bb28abce1c06d": one,
		"0946d08c1ac4f74c0bad95c40fc4a045681f7c3d8bb85ff26d313feca01fc3ba": two,
	} {
		if got := hex.EncodeToString(digest(e)); got != want {
			t.Errorf("entry %d: %s, want %s", e.Seq, got, want)
		}
	}
}

// TestDigestSeesEverything changes one thing at a time, also what moves bytes from one field to the next.
func TestDigestSeesEverything(t *testing.T) {
	t.Parallel()
	seen := map[string]string{hex.EncodeToString(digest(first())): "unchanged"}
	for name, change := range map[string]func(e *ent.AuditEntry){
		"tenant":       func(e *ent.AuditEntry) { e.TenantID = uuid.New() },
		"number":       func(e *ent.AuditEntry) { e.Seq++ },
		"time":         func(e *ent.AuditEntry) { e.At = e.At.Add(time.Microsecond) },
		"actor":        func(e *ent.AuditEntry) { e.Actor += "x" },
		"role":         func(e *ent.AuditEntry) { e.Role = "LEARNER" },
		"action":       func(e *ent.AuditEntry) { e.Action = "course.unpublished" },
		"subject":      func(e *ent.AuditEntry) { e.Subject = "" },
		"request":      func(e *ent.AuditEntry) { e.RequestID = "req-2" },
		"previous":     func(e *ent.AuditEntry) { e.Previous[31] = 1 },
		"value":        func(e *ent.AuditEntry) { e.Data["role"] = "INSTRUCTOR" },
		"name":         func(e *ent.AuditEntry) { e.Data = map[string]string{"rolle": "LEARNER", "course": "Einführung"} },
		"one more":     func(e *ent.AuditEntry) { e.Data["x"] = "" },
		"one less":     func(e *ent.AuditEntry) { delete(e.Data, "role") },
		"no data":      func(e *ent.AuditEntry) { e.Data = nil },
		"moved a byte": func(e *ent.AuditEntry) { e.Actor += "T"; e.Role = "ENANT_ADMIN" },
		"moved data":   func(e *ent.AuditEntry) { e.Data = map[string]string{"course": "Einführungrole", "LEARNER": ""} },
		"moved fields": func(e *ent.AuditEntry) { e.Subject += e.RequestID; e.RequestID = "" },
	} {
		e := first()
		change(e)
		sum := hex.EncodeToString(digest(e))
		if other, known := seen[sum]; known {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[sum] = name
	}
}
