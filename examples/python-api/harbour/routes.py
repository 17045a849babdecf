"""What can be asked."""

from pathlib import Path

from fastapi import FastAPI, HTTPException, UploadFile
from fastapi.responses import HTMLResponse, ORJSONResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader

from harbour import customs, photos
from harbour.berths import BERTHS, Berth, find, local_times

HERE = Path(__file__).parent
pages = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
app = FastAPI(title="Harbour", default_response_class=ORJSONResponse)
app.mount("/static", StaticFiles(directory=HERE.parent / "static"), name="static")


@app.get("/", response_class=HTMLResponse)
def home() -> str:
    return pages.get_template("home.html").render(berths=BERTHS)


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/berths")
def berths() -> list[Berth]:
    return BERTHS


@app.get("/berths/{number}")
def sailing(number: int) -> dict[str, object]:
    berth = find(number)
    if berth is None:
        raise HTTPException(404, "no such berth")
    return {"ship": berth.ship, **local_times(berth)}


@app.get("/customs")
def clearance() -> dict[str, str]:
    return {"customs": customs.ask()}


@app.get("/sample")
def sample() -> Response:
    return Response(photos.sample(), media_type="image/png")


@app.get("/sample/kept")
def keep_sample() -> dict[str, int]:
    return photos.keep("sample.png", photos.sample())


@app.post("/photos")
async def upload(photo: UploadFile) -> dict[str, int]:
    return photos.keep(photo.filename or "photo", await photo.read())
