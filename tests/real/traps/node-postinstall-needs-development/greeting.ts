export const greeting: string = 'Good morning'
