import { DescribeSpotPriceHistoryCommand, type EC2Client } from "@aws-sdk/client-ec2";
import { GetProductsCommand, type PricingClient } from "@aws-sdk/client-pricing";
import { z } from "zod";
import type { LivePrice } from "./model";

/** What is read of a product of the AWS Price List. */
const product = z.object({
  terms: z.object({
    OnDemand: z.record(
      z.string(),
      z.object({
        priceDimensions: z.record(
          z.string(),
          z.object({ unit: z.string(), pricePerUnit: z.object({ USD: z.string() }) }),
        ),
      }),
    ),
  }),
});

/** USD an hour of a product's on-demand term; undefined where it has none. */
export function onDemandPrice(text: string): number | undefined {
  const parsed = product.safeParse(JSON.parse(text));
  if (!parsed.success) return undefined;
  const dimensions = Object.values(parsed.data.terms.OnDemand).flatMap(({ priceDimensions }) =>
    Object.values(priceDimensions),
  );
  const hourly = dimensions.find(({ unit }) => unit === "Hrs");
  const usd = Number(hourly?.pricePerUnit.USD);
  return usd > 0 ? usd : undefined;
}

async function onDemand(
  pricing: PricingClient,
  region: string,
  type: string,
  abortSignal: AbortSignal,
): Promise<LivePrice[]> {
  const is = (Field: string, Value: string) => ({ Type: "TERM_MATCH" as const, Field, Value });
  const answer = await pricing.send(
    new GetProductsCommand({
      ServiceCode: "AmazonEC2",
      Filters: [
        is("instanceType", type),
        is("regionCode", region),
        is("operatingSystem", "Linux"),
        is("tenancy", "Shared"),
        is("preInstalledSw", "NA"),
        is("capacitystatus", "Used"),
      ],
    }),
    { abortSignal },
  );
  // The SDK calls them any: each is a text with JSON in it.
  const texts = z.array(z.string()).parse(answer.PriceList ?? []);
  const usdPerHour = texts.map(onDemandPrice).find((usd) => usd !== undefined);
  return usdPerHour === undefined ? [] : [{ type, market: "on-demand", usdPerHour }];
}

async function spot(
  ec2: EC2Client,
  types: readonly string[],
  now: Date,
  abortSignal: AbortSignal,
): Promise<LivePrice[]> {
  const { SpotPriceHistory = [] } = await ec2.send(
    new DescribeSpotPriceHistoryCommand({
      Filters: [{ Name: "instance-type", Values: [...types] }],
      ProductDescriptions: ["Linux/UNIX"],
      StartTime: now,
    }),
    { abortSignal },
  );
  // Zones differ: the dearest is what a stack pays at most.
  return types.flatMap((type): LivePrice[] => {
    const prices = SpotPriceHistory.filter((one) => one.InstanceType === type)
      .map(({ SpotPrice }) => Number(SpotPrice))
      .filter((usd) => usd > 0);
    return prices.length === 0 ? [] : [{ type, market: "spot", usdPerHour: Math.max(...prices) }];
  });
}

/** Prices of types in a region: on-demand from the price list, spot as it is now in the dearest zone. */
export async function readPrices(
  ec2: EC2Client,
  pricing: PricingClient,
  region: string,
  types: readonly string[],
  now: Date,
  abortSignal: AbortSignal,
): Promise<LivePrice[]> {
  const all = await Promise.all([
    ...types.map((type) => onDemand(pricing, region, type, abortSignal)),
    spot(ec2, types, now, abortSignal),
  ]);
  return all.flat();
}
