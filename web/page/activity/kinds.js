// Kinds of events: words and types; null for all.
export const KINDS = {
  "": ["Everything", null],
  prices: ["Prices", ["PRODUCT_PRICE_DROPPED", "PRODUCT_PRICE_ROSE"]],
  stock: ["Stock", ["PRODUCT_OUT_OF_STOCK", "PRODUCT_BACK_IN_STOCK", "PRODUCT_GONE", "PRODUCT_RETURNED"]],
  links: ["Links", ["LINK_BROKEN", "LINK_MENDED"]],
  accounts: ["Marketplaces", ["CREDENTIALS_REJECTED", "CREDENTIALS_RESTORED", "MARKETPLACE_NOT_ELIGIBLE", "QUOTA_LOW"]],
  jobs: ["Jobs", ["JOB_FINISHED"]],
};
