package policy

import "lyceum/internal/fault"

func errSignIn() error { return fault.New(fault.Unauthenticated, "Sign in to do this.") }

func errGrant() error {
	return fault.New(fault.Forbidden, "Ask an admin of the tenant to grant support.")
}

func errRole() error { return fault.New(fault.Forbidden, "Your role does not allow this.") }
