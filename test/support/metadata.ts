/** Returns a model's metadata as earlier versions wrote them, so that what is in them is all that is checked. */
export const withoutChecksum = ({ sha256, ...metadata }: Readonly<Record<string, string>>) => metadata;
