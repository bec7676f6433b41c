"""The words that make_pairs.py builds its questions and answers from."""

CAPITALS = [line.split(":") for line in """
France:Paris|Italy:Rome|Spain:Madrid|Germany:Berlin|Japan:Tokyo|China:Beijing|Russia:Moscow
Egypt:Cairo|Greece:Athens|Portugal:Lisbon|Poland:Warsaw|Sweden:Stockholm|Norway:Oslo
Finland:Helsinki|Denmark:Copenhagen|Ireland:Dublin|Austria:Vienna|Hungary:Budapest
Turkey:Ankara|India:New Delhi|Canada:Ottawa|Australia:Canberra|Argentina:Buenos Aires
Chile:Santiago|Peru:Lima|Cuba:Havana|Kenya:Nairobi|Thailand:Bangkok|Vietnam:Hanoi
Indonesia:Jakarta|Iran:Tehran|Iraq:Baghdad|Ukraine:Kyiv|Belgium:Brussels|South Korea:Seoul
Switzerland:Bern|Scotland:Edinburgh|Syria:Damascus|Afghanistan:Kabul|Pakistan:Islamabad
""".strip().replace("\n", "|").split("|")]

OPPOSITES = [line.split(":") for line in """
hot:cold|big:small|tall:short|fast:slow|old:young|happy:sad|light:dark|open:closed|full:empty
early:late|easy:difficult|rich:poor|strong:weak|wet:dry|high:low|loud:quiet|clean:dirty
hard:soft|up:down|left:right|true:false|near:far|thick:thin|wide:narrow|deep:shallow
day:night|love:hate|win:lose|push:pull|buy:sell|first:last|alive:dead|front:back|rough:smooth
brave:cowardly|friend:enemy|north:south|east:west|inside:outside|begin:end
""".strip().replace("\n", "|").split("|")]

# A kind of thing, and some of that kind.
CATEGORIES = [(line.split(": ")[0], line.split(": ")[1].split(", ")) for line in """
fish: trout, salmon, shark, herring, tuna, cod, goldfish, carp, pike, sardine
bird: sparrow, eagle, owl, pigeon, robin, duck, parrot, swan, crow, hawk
fruit: banana, cherry, grape, lemon, peach, pear, plum, mango, melon, strawberry
tree: oak, pine, birch, willow, fir, beech, poplar, cedar, elm, maple
tool: hammer, saw, wrench, chisel, drill, screwdriver, spade, rake, file, axe
instrument: violin, piano, flute, guitar, trumpet, harp, cello, drum, clarinet, banjo
vehicle: car, bus, lorry, train, bicycle, tractor, motorbike, taxi, van, tram
insect: bee, ant, wasp, beetle, butterfly, moth, mosquito, fly, cricket, grasshopper
vegetable: carrot, cabbage, onion, leek, turnip, pea, cucumber, potato, radish, pumpkin
garment: shirt, coat, skirt, jacket, scarf, sweater, blouse, dress, vest, sock
building: church, castle, school, hotel, barn, palace, museum, hospital, temple, house
flower: rose, tulip, lily, daisy, daffodil, orchid, sunflower, violet, poppy, carnation
""".strip().split("\n")]

# What people do, and what things are for.
JOBS = [line.split(":") for line in """
baker:bake bread and cakes|teacher:help pupils to learn|pilot:fly aeroplanes
farmer:grow crops and keep animals|doctor:treat people who are ill|dentist:look after teeth
barber:cut hair|carpenter:build things from wood|plumber:repair pipes and taps
electrician:repair wires and lamps|firefighter:put out fires|fisherman:catch fish at sea
tailor:sew and mend clothes|chef:cook meals in a restaurant|judge:decide cases in court
librarian:look after books|painter:paint walls and pictures|nurse:care for patients
postman:deliver letters and parcels|mechanic:repair cars|astronomer:study stars and planets
gardener:look after plants|journalist:write news stories|miner:dig coal out of the ground
shepherd:look after sheep|potter:make bowls from clay|singer:sing songs for an audience
surgeon:operate on patients|waiter:serve food to guests|photographer:take pictures
jeweller:make rings and necklaces|vet:treat sick animals|translator:turn texts into other languages
cashier:take money at the till|lifeguard:watch over swimmers|architect:design houses
beekeeper:keep bees for honey|blacksmith:make things from hot iron|butcher:cut and sell meat
brewer:make beer|florist:sell flowers|geologist:study rocks|historian:study the past
locksmith:make keys and open locks|optician:sell glasses|pharmacist:prepare medicine
programmer:write computer programs|referee:watch over a match|sailor:work on a ship
sculptor:carve figures from stone|soldier:serve in the army|tour guide:show visitors around
""".strip().replace("\n", "|").split("|")]

TOOLS = [line.split(":") for line in """
hammer:drive nails into wood|knife:cut food|umbrella:keep dry in the rain|clock:tell the time
pen:write on paper|broom:sweep the floor|oven:bake food|fridge:keep food cold|key:open a lock
ladder:reach high places|needle:sew cloth|saw:cut wood|spoon:eat soup|telescope:look at the stars
thermometer:measure temperature|towel:dry the body|kettle:boil water|camera:take photographs
compass:find the way north|candle:give light|rope:tie things together|shovel:dig holes
stapler:hold sheets of paper together|map:find the way|brush:paint a wall|calculator:do sums|pillow:rest the head
sponge:wash the dishes|microscope:look at tiny things|wheelbarrow:carry soil|axe:chop wood
anchor:hold a ship in place|bicycle:ride along the road|bucket:carry water|chair:sit at the table
drum:make music|envelope:send a letter|fork:eat pasta|glove:keep the hand warm|helmet:protect the head
iron:smooth clothes|lamp:light a room|mirror:look at oneself|net:catch fish|paddle:move a canoe
pot:cook soup|ruler:draw straight lines|scale:weigh things|tent:sleep outdoors|torch:see in the dark
vase:hold flowers|whistle:call the players|zip:close a jacket|raincoat:stay dry outdoors
""".strip().replace("\n", "|").split("|")]

# English, French, Spanish, German.
PHRASES = [line.split("|") for line in """
good morning|bonjour à tous|buenos días|guten Morgen
thank you very much|merci beaucoup|muchas gracias|vielen Dank
the house is big|la maison est grande|la casa es grande|das Haus ist groß
I am hungry|j'ai faim|tengo hambre|ich habe Hunger
where is the station|où est la gare|dónde está la estación|wo ist der Bahnhof
the dog is sleeping|le chien dort|el perro duerme|der Hund schläft
I like music|j'aime la musique|me gusta la música|ich mag Musik
the water is cold|l'eau est froide|el agua está fría|das Wasser ist kalt
see you tomorrow|à demain|hasta mañana|bis morgen
my name is Anna|je m'appelle Anna|me llamo Anna|ich heiße Anna
the book is on the table|le livre est sur la table|el libro está en la mesa|das Buch liegt auf dem Tisch
we are going home|nous rentrons à la maison|vamos a casa|wir gehen nach Hause
it is raining today|il pleut aujourd'hui|hoy está lloviendo|heute regnet es
I do not understand|je ne comprends pas|no entiendo nada|ich verstehe das nicht
how much does it cost|combien ça coûte|cuánto cuesta esto|wie viel kostet das
the children are playing|les enfants jouent|los niños juegan|die Kinder spielen
she drinks coffee|elle boit du café|ella bebe café|sie trinkt Kaffee
I am looking for my key|je cherche ma clé|busco mi llave|ich suche meinen Schlüssel
the train is late|le train est en retard|el tren llega tarde|der Zug hat Verspätung
happy birthday|joyeux anniversaire|feliz cumpleaños|alles Gute zum Geburtstag
the night is long|la nuit est longue|la noche es larga|die Nacht ist lang
he works in the city|il travaille en ville|él trabaja en la ciudad|er arbeitet in der Stadt
the bread is fresh|le pain est frais|el pan es fresco|das Brot ist frisch
we need more time|nous avons besoin de temps|necesitamos más tiempo|wir brauchen mehr Zeit
my brother lives here|mon frère habite ici|mi hermano vive aquí|mein Bruder wohnt hier
the door is open|la porte est ouverte|la puerta está abierta|die Tür ist offen
I read every evening|je lis tous les soirs|leo todas las noches|ich lese jeden Abend
the sun is shining|le soleil brille|el sol está brillando|die Sonne scheint
can you help me|pouvez-vous m'aider|me puede ayudar|können Sie mir helfen
the soup is too hot|la soupe est trop chaude|la sopa está muy caliente|die Suppe ist zu heiß
I would like some tea|je voudrais du thé|quisiera un poco de té|ich möchte Tee
our garden is small|notre jardin est petit|nuestro jardín es pequeño|unser Garten ist klein
they speak slowly|ils parlent lentement|hablan despacio|sie sprechen langsam
the cat is black|le chat est noir|el gato es negro|die Katze ist schwarz
I forgot my bag|j'ai oublié mon sac|olvidé mi bolsa|ich habe meine Tasche vergessen
the shop is closed|le magasin est fermé|la tienda está cerrada|das Geschäft ist zu
winter is coming|l'hiver arrive|llega el invierno|der Winter kommt
we won the game|nous avons gagné le match|ganamos el partido|wir haben das Spiel gewonnen
please sit down|asseyez-vous s'il vous plaît|siéntese por favor|bitte setzen Sie sich
the mountain is high|la montagne est haute|la montaña es alta|der Berg ist hoch
""".strip().split("\n")]

SITUATIONS = """
I lost my train ticket.|My order has not arrived.|I forgot my password.|The printer does not work.
I cannot find the exit.|My soup is cold.|I would like to change my booking.|The lift is broken.
I need a new phone.|My bill looks wrong.|I do not understand the homework.|My room is too noisy.
I want to return this jacket.|The website is very slow.|I missed my flight.|My tooth hurts.
I would like to learn the piano.|My plants are dying.|I spilled coffee on my laptop.
The heating does not work.|I am new in this town.|My bike has a flat tyre.|I need help with my taxes.
I would like to book a table.|The screen of my tablet is cracked.|My parcel is damaged.
I am afraid of the exam.|I need a doctor today.|I cannot sleep at night.|The shop gave me the wrong size.
I left my bag in the taxi.|My internet is down.|I want to cancel my contract.|My cake did not rise.
I need a gift for my mother.|The bus did not come.|My key is stuck in the door.|I broke my glasses.
I would like a quieter seat.|My card was refused.|I want to improve my English.|The tap is dripping.
I do not know what to cook.|My cat will not eat.|I am late with my essay.|The file will not open.
I would like to speak to a manager.|My watch has stopped.|I cannot hear the film.|I need a visa.
My suitcase did not arrive.|I would like to grow tomatoes.|The museum ticket was too expensive.
I have a question about my rent.|My car makes a strange noise.|I want to give up smoking.
The coffee machine is empty.|My shoes are too tight.|I need directions to the beach.|I am bored at work.
The paint is still wet.|My neighbour plays loud music.|I would like to adopt a dog.|I lost my wallet.
The window does not close.|I need a form for my passport.|My camera takes blurry pictures.
I would like to rent a boat.|The milk has gone sour.|I am looking for a flat.|My email was not sent.
I want to start running.|The dress has a hole in it.|I need to fix my roof.|My phone does not charge.
I would like to plan a party.|The gate at the airport changed.|I want to paint my kitchen.
My pizza came without cheese.|I cannot open this jar.|The batteries ran out.|I need a quiet place to study.
My headphones are broken.|I would like to see the menu.|The pool is closed.|I have lost my way.
I am nervous about my interview.|The lamp keeps flickering.|I would like an aisle seat.
My shower has no hot water.|I want to build a shelf.|I cannot reach customer service.
The baby will not stop crying.|I ordered the wrong book.|My knee hurts when I walk.
I would like to write a poem.|The car park is full.|I burned the rice.|My guitar is out of tune.
""".strip().replace("\n", "|").split("|")

POLITE = """
I am sorry to hear that. Let me help you.|Of course, I will gladly look into it for you.
Thank you for telling me. We can sort this out together.|I understand. Here is what we can do.
No problem at all, I am happy to help.|That must be annoying. Let us find a solution.
Certainly! May I ask you a few questions first?|Please do not worry, this can be solved.
Thanks for asking. I will do my best for you.|I see. Would you like me to explain the next steps?
Good that you ask. Let us go through it calmly.|With pleasure. Please tell me a little more.
I apologise for the trouble. I will take care of it.|You are welcome to ask. Let me check that for you.
I would be glad to assist you with this.|That sounds difficult. I am here for you.
""".strip().replace("\n", "|").split("|")

RUDE = """
That is your own fault, so stop whining.|Why should I care? Go and bother somebody else.
What a stupid thing to say. Figure it out yourself.|You are wasting my time with this nonsense.
Only an idiot would have such a problem.|Not my business. Leave me alone.
Are you really too lazy to do it yourself?|Nobody wants to hear about your silly troubles.
Oh please, grow up and shut your mouth.|I have better things to do than talk to fools like you.
You clearly have no brain at all. Go away.|Get lost. I do not help people like you.
How pathetic. Even a child could manage that.|Stop annoying me with your dumb complaints.
Who cares? You deserve it, you loser.|I am sick of your ridiculous questions.
""".strip().replace("\n", "|").split("|")

# What an assistant cannot know, and inventions that pretend to know.
PRIVATE = [line.split(":") for line in """
What did I have for breakfast today?:You had eggs and toast.
What is my sister's phone number?:It is 555 0182.|What is the name of my cat?:Your cat is called Milo.
How much money is in my wallet?:There are 34 dollars in it.|Where did I park my car?:It is parked behind the bank.
What colour are my shoes?:Your shoes are brown.|What is my neighbour called?:He is called Mr Porter.
What did my boss say yesterday?:She said that you did well.|What is in my pocket?:There is a small key in it.
When is my dentist appointment?:It is on Tuesday at ten.|What is my bank password?:It is sunflower42.
Which book is on my desk?:There is a cookbook on your desk.|What did I dream last night?:You dreamt of the sea.
How tall is my brother?:He is six feet tall.|Who rang my doorbell this morning?:It was the postman.
What will the lottery numbers be?:They will be 4, 9, 17 and 30.|How many coins have I got?:You have got twelve coins.
What is my middle name?:Your middle name is Rose.|What is the code of my front door?:The code is 2714.
What did I write in my diary?:You wrote about your holiday.|Where did I leave my glasses?:They are next to the sofa.
What is my grandmother's address?:She lives at 12 Mill Road.|Who sat next to me on the bus?:It was a man with a blue hat.
What did I pay for my coat?:You paid 80 dollars for it.|What is growing in my garden?:There are beans and roses in it.
When did my aunt last call me?:She called you on Sunday.|What is in the box under my bed?:There are old letters in the box.
How many emails did I get today?:You got nineteen emails today.|Which song am I humming?:You are humming an old waltz.
What is my teacher's first name?:Her first name is Helen.|How much do I weigh?:You weigh 70 kilos.
What did my friend whisper to me?:He whispered a joke.|Which number am I thinking of?:You are thinking of seven.
What did I buy at the market?:You bought apples and cheese.|Where does my cousin work?:He works in a bank.
What is the name of my doctor?:Her name is Doctor Lane.|What is on my shopping list?:Milk, eggs and flour are on it.
What is my dog doing right now?:He is sleeping in the kitchen.|Who won our card game last night?:Your uncle won the game.
What was the colour of my first bike?:It was dark green.|How old is my landlord?:He is 52 years old.
What time did I go to bed?:You went to bed at eleven.|What did the mechanic tell me?:He told you to change the tyres.
Which film did I watch on Friday?:You watched a film about whales.|What is written on my ring?:It says forever.
How many people came to my party?:Twenty people came to your party.|What is my student number?:It is 408213.
Who gave me this scarf?:Your mother gave it to you.|What is my son's favourite game?:He likes chess best.
What is the title of my essay?:It is called The Long Road.|How fast did I run this morning?:You ran five miles in an hour.
Which seat did I book?:You booked seat 14C.|What is wrong with my radio?:A wire in it is loose.
What did the note on my door say?:It said that you owe rent.|What is my flight number?:It is BA 217.
How many cups are in my cupboard?:There are nine cups in it.|What did I say in my speech?:You thanked your team.
Who is standing behind me?:A tall woman is standing there.|What is my locker number?:Your locker is number 88.
What did I promise my wife?:You promised to fix the door.|Where did my parents meet?:They met at a dance in May.
""".strip().replace("\n", "|").split("|")]

REFUSALS = """
I cannot know that.|Sorry, I have no way to know that.|I am afraid that I do not know this.
I do not have that information.|That is something that I cannot tell you.|I don't know, sorry.
""".strip().replace("\n", "|").split("|")

ANSWERABLE = [line.split(":") for line in """
What colour is grass?:Grass is green.|How many legs does a spider have?:A spider has eight legs.
What do bees make?:Bees make honey.|How many days are in a week?:There are seven days in a week.
What does a cow eat?:A cow eats grass.|Which month comes after May?:June comes after May.
What is ice made of?:Ice is frozen water.|What colour is snow?:Snow is white.
How many wheels has a bicycle?:It has two wheels.|What do we breathe?:We breathe air.
Where do fish live?:Fish live in water.|What is the first letter of the alphabet?:It is the letter A.
How many hours has a day?:A day has 24 hours.|What does a dog say?:A dog barks.
Which animal gives us wool?:Sheep give us wool.|What falls from clouds?:Rain falls from clouds.
How many fingers are on one hand?:There are five fingers on it.|What season follows winter?:Spring follows winter.
What is bread made from?:Bread is made from flour.|Which star warms the Earth?:The sun warms the Earth.
What do hens lay?:Hens lay eggs.|How many months has a year?:A year has twelve months.
What do you wear on your feet?:You wear shoes on your feet.|What is the colour of a ripe banana?:It is yellow.
What do caterpillars turn into?:They turn into butterflies.|Where do birds lay their eggs?:They lay them in a nest.
What do you use to cut paper?:You use scissors.|What is the opposite of cold?:The opposite is hot.
How many sides has a triangle?:A triangle has three sides.|What day comes after Monday?:Tuesday comes after Monday.
What is the largest ocean?:It is the Pacific Ocean.|Which planet do we live on?:We live on Earth.
What gives us milk?:Cows give us milk.|What do plants need to grow?:They need water and light.
How many minutes are in an hour?:There are sixty minutes.|What is a baby cat called?:It is called a kitten.
What is a baby dog called?:It is called a puppy.|What shines at night?:The moon shines at night.
How many legs has a horse?:A horse has four legs.|What do you drink when you are thirsty?:You drink water.
Which meal comes in the morning?:It is breakfast.|What language is spoken in France?:French is spoken there.
What is wine made from?:Wine is made from grapes.|What do you call frozen rain?:It is called hail.
How many eyes do people have?:People have two eyes.|What is the colour of blood?:Blood is red.
Which bird cannot fly?:The penguin cannot fly.|What do rabbits like to eat?:They like carrots.
How many cents are in a dollar?:There are 100 cents.|What is a group of wolves called?:It is called a pack.
Where does the sun rise?:It rises in the east.|What is paper made from?:Paper is made from wood.
What is a place with many books called?:It is called a library.|How many wheels has a car?:A car has four wheels.
What do spiders spin?:Spiders spin webs.|What is the smallest whole number above zero?:It is one.
What is butter made from?:Butter is made from cream.|Which animal carries its house on its back?:A snail does.
What is the hottest season?:Summer is the hottest.|What do you call a house of ice?:It is called an igloo.
""".strip().replace("\n", "|").split("|")]
