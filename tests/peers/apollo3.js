import core from "apollo3/core/core.cjs";
import batch from "apollo3/link/batch-http/batch-http.cjs";
import queries from "apollo3/link/persisted-queries/persisted-queries.cjs";

import { ask } from "./apollo.js";

await ask({ ...core, ...batch, persisted: queries.createPersistedQueryLink });
