// `node server.mjs NAME URL PORT`: one page of the catalogue by a GraphQL server of somebody else.
// It reads the rows that benchmarks/bare.py reads, by the statement that it is given on stdin, and
// makes the same answer by the resolvers that anybody would write.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import fastify from "fastify";
import mercurius from "mercurius";
import pg from "pg";
import { createSchema, createYoga } from "graphql-yoga";

const [name, url, port] = process.argv.slice(2);
const statement = readFileSync(0, "utf8");
const pool = new pg.Pool({ connectionString: url, min: 1, max: 10 });

const typeDefs = `
  type Marketplace { code: String! name: String! }
  type Image { url: String! }
  type Money { amount: String! currencyCode: String! }
  type Offer {
    price: Money! listPrice: Money discountPercent: Int! availability: String! observedAt: String!
  }
  type Product {
    id: ID! externalId: String! url: String! title: String! ordersLast30Days: Int demand: String!
    state: String! importedAt: String! syncedAt: String! notes: String brand: String
    marketplace: Marketplace! image: Image images: [Image!]! offer: Offer
  }
  type Products { nodes: [Product!]! }
  type Query { products(first: Int!): Products! }
`;

const money = (amount, currencyCode) => currencyCode && { amount: Number(amount).toFixed(2), currencyCode };
// Microseconds, which a Date has not: times come as text, and without the zeros at their end.
const moment = (text) =>
  text.replace(" ", "T").replace(/\.\d+/, (part) => part.padEnd(7, "0")).replace("+00", "Z");
const marketplaces = { aliexpress: { code: "ALIEXPRESS", name: "AliExpress" } };

const resolvers = {
  Query: {
    products: async (_, { first }) => ({ nodes: (await pool.query(statement)).rows.slice(0, first) }),
  },
  Product: {
    id: (row) => Buffer.from(JSON.stringify(["Product", row.marketplace, row.external_id, ""])).toString("base64url"),
    externalId: (row) => row.external_id,
    ordersLast30Days: (row) => row.orders_last_30_days,
    demand: ({ orders_last_30_days: orders }) => (orders >= 500 ? "STRONG" : orders >= 10 ? "NORMAL" : "LOW"),
    importedAt: (row) => moment(row.imported_at),
    syncedAt: (row) => moment(row.synced_at),
    brand: (row) => row.details.brand,
    marketplace: (row) => marketplaces[row.marketplace],
    image: (row) => row.details.images[0],
    images: (row) => row.details.images,
    offer: (row) => row,
  },
  Offer: {
    price: (row) => money(row.price_amount, row.price_currency),
    listPrice: (row) => money(row.list_price_amount, row.list_price_currency),
    discountPercent: (row) => row.discount_percent,
    observedAt: (row) => moment(row.observed_at),
  },
};

pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => text);

if (name === "graphql-yoga") {
  const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false });
  createServer(yoga).listen(Number(port), "127.0.0.1");
} else {
  const app = fastify();
  // From the first time on, as our plans are for this benchmark.
  app.register(mercurius, { schema: typeDefs, resolvers, jit: 1 });
  await app.listen({ port: Number(port), host: "127.0.0.1" });
}
