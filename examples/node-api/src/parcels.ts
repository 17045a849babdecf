import { z } from "zod";

const Parcel = z.object({ id: z.string(), to: z.string().min(2), grams: z.number().int().positive() });
export type Parcel = z.infer<typeof Parcel>;

export const parcels: Parcel[] = [
  { id: "1", to: "Aarhus", grams: 1200 },
  { id: "2", to: "Bergen", grams: 480 },
  { id: "3", to: "Cork", grams: 9100 },
].map((each) => Parcel.parse(each));

export function find(id: string): Parcel | undefined {
  return parcels.find((each) => each.id === id);
}
