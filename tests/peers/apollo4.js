import * as core from "apollo4";
import { BatchHttpLink } from "apollo4/link/batch-http";
import { PersistedQueryLink } from "apollo4/link/persisted-queries";

import { ask } from "./apollo.js";

await ask({ ...core, BatchHttpLink, persisted: (options) => new PersistedQueryLink(options) });
