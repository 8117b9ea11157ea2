"""The whiteboard as the pages read it: inventory, Fleet and cases of one and the same generation, with their places."""

from netmon.model.country import Country
from netmon.web.overview import Moment
from netmon.web.places import PlacesShelf


class Whiteboard:
    """Gives moments of the country."""

    def __init__(self, country: Country) -> None:
        self._country = country
        self._shelf = PlacesShelf()

    async def moment(self) -> Moment:
        """What is on the whiteboard now."""
        while True:
            country = self._country
            places = await self._shelf.of(country.inventory, country.fleet.generation)
            # A reload may have come while a thread made the places; theirs is then not the Fleet's generation.
            if places.generation == country.fleet.generation:
                return Moment(country.inventory, country.fleet, country.cases, places)
