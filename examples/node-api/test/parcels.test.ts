import { find, parcels } from "../src/parcels";

test("a parcel is found by its id", () => {
  expect(find("2")).toEqual(parcels[1]);
});

test("what is not there is not found", () => {
  expect(find("9")).toBeUndefined();
});
