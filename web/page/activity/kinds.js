// Kinds of events: words and types; null for all.
import { say } from "../texts.js";
export const KINDS = {
  "": [say("kind.all"), null],
  prices: [say("kind.prices"), ["PRODUCT_PRICE_DROPPED", "PRODUCT_PRICE_ROSE"]],
  stock: [say("kind.stock"), ["PRODUCT_OUT_OF_STOCK", "PRODUCT_BACK_IN_STOCK", "PRODUCT_GONE", "PRODUCT_RETURNED"]],
  links: [say("kind.links"), ["LINK_BROKEN", "LINK_MENDED"]],
  accounts: [say("kind.accounts"), ["CREDENTIALS_REJECTED", "CREDENTIALS_RESTORED", "MARKETPLACE_NOT_ELIGIBLE", "QUOTA_LOW"]],
  watches: [say("kind.watches"), ["WATCH_FIRED"]],
  jobs: [say("kind.jobs"), ["JOB_FINISHED", "WEBHOOK_DISABLED"]],
};
