package fault

import _ "lyceum/internal/viewer"
