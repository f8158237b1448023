-- Made by `make tables`, of these migrations: 0001_initial 0002_api_keys 0003_fingerprints 0004_key_allowances 0005_catalog_search 0006_catalog_texts 0007_bound_seals 0008_idempotency_holders 0009_jobs 0010_events 0013_deleted_products 0014_webhooks 0015_watches 0016_refresh 0017_events_of_products 0018_settled_prices 0019_tags
CREATE TABLE "affiliate_links" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "marketplace" TEXT NOT NULL,
    "locale" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "tracking_id" TEXT NOT NULL,
    "sub_id" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "source_url" TEXT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_affiliate_l_workspa_2c36b8" UNIQUE ("workspace_id", "mode", "marketplace", "locale", "external_id", "tracking_id", "sub_id")
);
CREATE INDEX "idx_affiliate_l_workspa_29a006" ON "affiliate_links" ("workspace_id", "created_at", "id");
CREATE TABLE "encryption_canary" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "sealed" TEXT NOT NULL,
    "key_id" TEXT NOT NULL
);
CREATE TABLE "idempotency_keys" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "outcome" JSON,
    "lease_until" TIMESTAMP NOT NULL,
    "created_at" TIMESTAMP NOT NULL, "holder" TEXT,
    CONSTRAINT "uid_idempotency_workspa_45faab" UNIQUE ("workspace_id", "key")
);
CREATE INDEX "idx_idempotency_created_944834" ON "idempotency_keys" ("created_at");
CREATE TABLE "marketplace_accounts" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "marketplace" TEXT NOT NULL,
    "locale" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "upstream_code" TEXT,
    "checked_at" TIMESTAMP,
    "last_success_at" TIMESTAMP,
    "next_try_at" TIMESTAMP,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL, "fingerprint" TEXT, "announced_state" TEXT, "refresh_calls" INT NOT NULL DEFAULT 0, "refresh_state" TEXT, "refresh_at" TIMESTAMP, "refresh_day" DATE, "refresh_used" INT NOT NULL DEFAULT 0, "refresh_failures" INT NOT NULL DEFAULT 0, "refresh_token" CHAR(36),
    CONSTRAINT "uid_marketplace_workspa_43f9c2" UNIQUE ("workspace_id", "marketplace", "locale", "mode")
);
CREATE TABLE "marketplace_credentials" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "account_id" CHAR(36) NOT NULL REFERENCES "marketplace_accounts" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_marketplace_account_ec9aa4" UNIQUE ("account_id", "name")
);
CREATE INDEX "idx_marketplace_workspa_808117" ON "marketplace_credentials" ("workspace_id");
CREATE INDEX "idx_marketplace_key_id_139350" ON "marketplace_credentials" ("key_id", "id");
CREATE TABLE "products" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "marketplace" TEXT NOT NULL,
    "locale" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "title_key" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "details" JSON NOT NULL,
    "price_amount" VARCHAR(40),
    "price_currency" TEXT,
    "price_currency_key" TEXT NOT NULL,
    "price_key" TEXT NOT NULL,
    "list_price_amount" VARCHAR(40),
    "list_price_currency" TEXT,
    "discount_percent" INT NOT NULL,
    "orders_last_30_days" BIGINT,
    "orders_key" BIGINT NOT NULL,
    "commission_percent" VARCHAR(40),
    "availability" TEXT NOT NULL,
    "observed_at" TIMESTAMP NOT NULL,
    "state" TEXT NOT NULL,
    "state_since" TIMESTAMP,
    "times_missing" INT NOT NULL,
    "imported_at" TIMESTAMP NOT NULL,
    "synced_at" TIMESTAMP NOT NULL,
    "refresh_at" TIMESTAMP,
    "selling_price_amount" VARCHAR(40),
    "selling_price_currency" TEXT,
    "notes" TEXT, "margin_key" BIGINT, "has_link" INT NOT NULL DEFAULT 0, "announced_price_amount" VARCHAR(40), "announced_price_currency" TEXT, "price_moved_at" TIMESTAMP, "deleted_at" TIMESTAMP, "pace" INT NOT NULL DEFAULT 1, "changes_seen" REAL NOT NULL DEFAULT 0, "hours_watched" REAL NOT NULL DEFAULT 0, "tags" TEXT,
    CONSTRAINT "uid_products_workspa_9c6dfd" UNIQUE ("workspace_id", "mode", "marketplace", "locale", "external_id")
);
CREATE TABLE "price_observations" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "price_amount" VARCHAR(40) NOT NULL,
    "price_currency" TEXT NOT NULL,
    "list_price_amount" VARCHAR(40),
    "list_price_currency" TEXT,
    "availability" TEXT NOT NULL,
    "observed_at" TIMESTAMP NOT NULL,
    "product_id" CHAR(36) NOT NULL REFERENCES "products" ("id") ON DELETE CASCADE
, "is_settled" INT NOT NULL DEFAULT 0);
CREATE INDEX "idx_price_obser_product_4f5ed5" ON "price_observations" ("product_id", "observed_at", "id");
CREATE INDEX "idx_price_obser_workspa_01a724" ON "price_observations" ("workspace_id");
CREATE TABLE "quota_days" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "marketplace" TEXT NOT NULL,
    "locale" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "used" BIGINT NOT NULL, "is_low_told" INT NOT NULL DEFAULT 0,
    CONSTRAINT "uid_quota_days_workspa_69502c" UNIQUE ("workspace_id", "marketplace", "locale", "mode", "day")
);
CREATE TABLE "workspaces" (
    "id" VARCHAR(200) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL
);
CREATE TABLE "api_keys" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "pepper_id" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "last_four" TEXT NOT NULL,
    "scopes" JSON NOT NULL,
    "origins" JSON NOT NULL,
    "expires_at" TIMESTAMP,
    "last_used_at" TIMESTAMP,
    "revoked_at" TIMESTAMP,
    "rotated_from" CHAR(36),
    "created_at" TIMESTAMP NOT NULL, "calls_per_day" INT,
    CONSTRAINT "uid_api_keys_hash_708571" UNIQUE ("hash"),
    CONSTRAINT "uid_api_keys_rotated_bb66d2" UNIQUE ("rotated_from")
);
CREATE INDEX "idx_api_keys_workspa_69c322" ON "api_keys" ("workspace_id", "created_at", "id");
CREATE INDEX "idx_api_keys_pepper__65448e" ON "api_keys" ("pepper_id");
CREATE TABLE "sessions" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "admin_hash" TEXT,
    "created_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP NOT NULL,
    "api_key_id" CHAR(36) REFERENCES "api_keys" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_sessions_hash_eb6199" UNIQUE ("hash")
);
CREATE INDEX "idx_sessions_api_key_5d0b11" ON "sessions" ("api_key_id");
CREATE INDEX "idx_sessions_expires_6bcc94" ON "sessions" ("expires_at");
CREATE INDEX "idx_products_workspa_b30312" ON "products" ("workspace_id", "mode", "marketplace", "locale", "state", "price_currency_key", "synced_at", "id");
CREATE INDEX "idx_products_workspa_04119d" ON "products" ("workspace_id", "mode", "marketplace", "locale", "state", "price_currency_key", "title_key", "id");
CREATE INDEX "idx_products_workspa_701097" ON "products" ("workspace_id", "mode", "marketplace", "locale", "state", "price_currency_key", "price_key", "id");
CREATE INDEX "idx_products_workspa_be0dd7" ON "products" ("workspace_id", "mode", "marketplace", "locale", "state", "price_currency_key", "discount_percent", "id");
CREATE INDEX "idx_products_workspa_9a9b43" ON "products" ("workspace_id", "mode", "marketplace", "locale", "state", "price_currency_key", "orders_key", "id");
CREATE INDEX "idx_products_imported" ON "products" (workspace_id, mode, marketplace, locale, state, price_currency_key, imported_at, id, synced_at, price_key, discount_percent, orders_key, margin_key, has_link);
CREATE INDEX "idx_products_selling" ON "products" (workspace_id, margin_key, id) WHERE selling_price_amount IS NOT NULL;
CREATE INDEX "idx_products_linked" ON "products" (workspace_id, id) WHERE has_link;
CREATE INDEX "idx_affiliate_l_workspa_408f57" ON "affiliate_links" ("workspace_id", "sub_id", "created_at", "id");
CREATE TABLE "product_texts" (
    "number" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "text_key" TEXT NOT NULL,
    "product_id" CHAR(36) NOT NULL REFERENCES "products" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_product_tex_product_56d030" UNIQUE ("product_id")
);
CREATE TABLE "product_categories" (
    "number" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "category_id" TEXT NOT NULL,
    "product_id" CHAR(36) NOT NULL REFERENCES "products" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_product_cat_product_01e387" UNIQUE ("product_id", "category_id")
);
CREATE INDEX "idx_product_cat_workspa_709b2a" ON "product_categories" ("workspace_id", "category_id", "product_id");
CREATE TABLE "jobs" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "options" JSON NOT NULL,
    "key_id" CHAR(36),
    "idempotency_key" TEXT,
    "fingerprint" TEXT NOT NULL,
    "total" INT NOT NULL,
    "done" INT NOT NULL,
    "failed" INT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "started_at" TIMESTAMP,
    "finished_at" TIMESTAMP,
    CONSTRAINT "uid_jobs_workspa_55ea62" UNIQUE ("workspace_id", "idempotency_key")
);
CREATE INDEX "idx_jobs_workspa_0c368e" ON "jobs" ("workspace_id", "created_at", "id");
CREATE INDEX "idx_jobs_status_4f4765" ON "jobs" ("status", "created_at");
CREATE TABLE "job_lines" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "number" INT NOT NULL,
    "lines" JSON NOT NULL,
    "job_id" CHAR(36) NOT NULL REFERENCES "jobs" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_job_lines_job_id_723b89" UNIQUE ("job_id", "number")
);
CREATE TABLE "job_batches" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "number" INT NOT NULL,
    "state" TEXT NOT NULL,
    "due_at" TIMESTAMP NOT NULL,
    "token" CHAR(36),
    "holder" TEXT,
    "tries" INT NOT NULL,
    "items" JSON NOT NULL,
    "counts" JSON NOT NULL,
    "outcomes" JSON NOT NULL,
    "done" INT NOT NULL,
    "failed" INT NOT NULL,
    "job_id" CHAR(36) NOT NULL REFERENCES "jobs" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_job_batches_job_id_007094" UNIQUE ("job_id", "number")
);
CREATE INDEX "idx_job_batches_job_id_9c122e" ON "job_batches" ("job_id", "state", "due_at");
CREATE TABLE "event_sequences" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "last_number" BIGINT NOT NULL,
    CONSTRAINT "uid_event_seque_workspa_d5af29" UNIQUE ("workspace_id")
);
CREATE TABLE "events" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "type" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "marketplace" TEXT NOT NULL,
    "locale" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "tracking_id" TEXT NOT NULL,
    "sub_id" TEXT NOT NULL,
    "facts" JSON NOT NULL,
    "occurred_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_events_workspa_af798d" UNIQUE ("workspace_id", "sequence")
);
CREATE INDEX "idx_events_occurre_981f83" ON "events" ("occurred_at");
CREATE INDEX "idx_products_deleted" ON "products" (deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE TABLE "webhooks" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "shown_url" TEXT NOT NULL,
    "types" JSON NOT NULL,
    "document" TEXT,
    "key_id" CHAR(36),
    "created_at" TIMESTAMP NOT NULL,
    "disabled_at" TIMESTAMP,
    "disabled_reason" TEXT,
    "failing_since" TIMESTAMP
);
CREATE INDEX "idx_webhooks_workspa_1aef35" ON "webhooks" ("workspace_id", "created_at", "id");
CREATE TABLE "webhook_secrets" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP,
    "webhook_id" CHAR(36) NOT NULL REFERENCES "webhooks" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_webhook_sec_webhook_9a9cc6" ON "webhook_secrets" ("webhook_id", "created_at");
CREATE INDEX "idx_webhook_sec_key_id_5d1172" ON "webhook_secrets" ("key_id", "id");
CREATE TABLE "webhook_deliveries" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "webhook_id" CHAR(36) NOT NULL,
    "event_id" CHAR(36) NOT NULL,
    "type" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "due_at" TIMESTAMP NOT NULL,
    "token" CHAR(36),
    "tries" INT NOT NULL,
    "attempts" JSON NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_webhook_del_webhook_606fba" UNIQUE ("webhook_id", "event_id")
);
CREATE INDEX "idx_webhook_del_webhook_7cc545" ON "webhook_deliveries" ("webhook_id", "created_at", "id");
CREATE INDEX "idx_webhook_del_webhook_7b0b0b" ON "webhook_deliveries" ("webhook_id", "state", "due_at");
CREATE INDEX "idx_webhook_del_created_80aae6" ON "webhook_deliveries" ("created_at");
CREATE TABLE "watches" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "condition" JSON NOT NULL,
    "products" JSON,
    "conditions" JSON,
    "armed_at" TIMESTAMP NOT NULL,
    "created_at" TIMESTAMP NOT NULL
);
CREATE INDEX "idx_watches_workspa_b3552c" ON "watches" ("workspace_id", "created_at", "id");
CREATE TABLE "watch_firings" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "workspace_id" TEXT NOT NULL,
    "watch_id" CHAR(36) NOT NULL,
    "product_id" CHAR(36) NOT NULL,
    "fired_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_watch_firin_watch_i_fc3ce1" UNIQUE ("watch_id", "product_id")
);
CREATE INDEX "idx_accounts_refresh" ON "marketplace_accounts" (refresh_at) WHERE refresh_calls > 0;
CREATE INDEX "idx_products_refresh_linked" ON "products" (workspace_id, mode, marketplace, locale, pace, (COALESCE(refresh_at, synced_at))) WHERE has_link AND selling_price_amount IS NULL;
CREATE INDEX "idx_products_refresh_sold" ON "products" (workspace_id, mode, marketplace, locale, pace, (COALESCE(refresh_at, synced_at))) WHERE NOT has_link AND selling_price_amount IS NOT NULL;
CREATE INDEX "idx_products_refresh_both" ON "products" (workspace_id, mode, marketplace, locale, pace, (COALESCE(refresh_at, synced_at))) WHERE has_link AND selling_price_amount IS NOT NULL;
CREATE INDEX "idx_events_workspa_68042c" ON "events" ("workspace_id", "external_id", "sequence");
CREATE INDEX "idx_prices_unsettled" ON "price_observations" (observed_at) WHERE NOT is_settled;
CREATE TABLE "product_tags" (
    "number" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "tag_key" TEXT NOT NULL,
    "tag" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "marketplace" TEXT NOT NULL,
    "product_id" CHAR(36) NOT NULL REFERENCES "products" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_product_tag_product_611b6e" UNIQUE ("product_id", "tag_key")
);
CREATE INDEX "idx_product_tag_workspa_03328e" ON "product_tags" ("workspace_id", "tag_key", "mode", "marketplace", "tag", "product_id");
