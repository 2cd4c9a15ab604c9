package author

import (
	_ "lyceum/internal/fault"
	_ "lyceum/internal/gen/ent"
)
