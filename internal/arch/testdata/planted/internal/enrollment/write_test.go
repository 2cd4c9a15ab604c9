package enrollment

import _ "lyceum/internal/catalog"
